"""What every section of the spec shares: strict models and findings raised inside them.

In: nothing. Out: the `Section` base class and `wrong`, which validators raise with a code of the catalogue.
Owns the pydantic configuration of the language; never maps errors to positions (see `validate`).
Change it when all sections must behave differently.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A mapping of the spec: unknown keys are errors, types are not converted, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def wrong(code: str, message: str, hint: str | None = None, key: str | None = None) -> PydanticCustomError:
    """Make the exception for a validator to raise. `key` names the key of the mapping that the finding points to."""
    context = {"message": message.replace("{", "{{").replace("}", "}}"), "text": message, "hint": hint, "key": key}
    return PydanticCustomError(code, "{text}", context)
