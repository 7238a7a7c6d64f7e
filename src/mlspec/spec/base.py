"""What every section of the spec shares: strict models and findings raised inside them.

In: nothing. Out: the `Section` base class and `wrong`, which validators raise with a code of the catalogue.
Owns the pydantic configuration of the language; never maps errors to positions (see `validate`).
Change it when all sections must behave differently.
"""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


class Section(BaseModel):
    """A mapping of the spec: unknown keys are errors, types are not converted, values do not change.

    Validators are built when a spec is read, the whole language at once (see `complete`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


def complete(model: type[BaseModel]) -> None:
    """Build a section's validator, which its definition has put off; a second call does nothing.

    Without pydantic's plugins: finding them reads the metadata of every installed package, and none has a say in a spec.
    """
    before = os.environ.get(_PLUGINS)
    os.environ[_PLUGINS] = "__all__"
    try:
        model.model_rebuild()
    finally:
        if before is None:
            del os.environ[_PLUGINS]
        else:
            os.environ[_PLUGINS] = before


def wrong(code: str, message: str, hint: str | None = None, key: str | None = None) -> PydanticCustomError:
    """Make the exception for a validator to raise. `key` names the key of the mapping that the finding points to."""
    context = {"message": message.replace("{", "{{").replace("}", "}}"), "text": message, "hint": hint, "key": key}
    return PydanticCustomError(code, "{text}", context)
