"""What every section of the spec shares: strict models and findings raised inside them.

In: nothing. Out: the `Section` base class and `wrong`, which validators raise with a code of the catalogue.
Owns the pydantic configuration of the language; never maps errors to positions (see `validate`).
Change it when all sections must behave differently.
"""

from __future__ import annotations

import sys
from types import ModuleType

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

_PLUGINS = "pydantic.plugin._loader"


class Section(BaseModel):
    """A mapping of the spec: unknown keys are errors, types are not converted, values do not change.

    Validators are built when a spec is read, the whole language at once (see `complete`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


def complete(model: type[BaseModel]) -> None:
    """Build a section's validator, which its definition has put off; a second call does nothing.

    Without pydantic's plugins: finding them takes a tenth of a command's start, and none has a say in a spec.
    """
    before = sys.modules.get(_PLUGINS)
    sys.modules[_PLUGINS] = _NoPlugins(_PLUGINS)
    try:
        model.model_rebuild()
    finally:
        del sys.modules[_PLUGINS]
        if before is not None:
            sys.modules[_PLUGINS] = before


class _NoPlugins(ModuleType):
    """Stands for pydantic's search for plugins, which imports `importlib.metadata` and reads that of every package."""

    @staticmethod
    def get_plugins() -> tuple[()]:
        """None."""
        return ()


def wrong(code: str, message: str, hint: str | None = None, key: str | None = None) -> PydanticCustomError:
    """Make the exception for a validator to raise. `key` names the key of the mapping that the finding points to."""
    context = {"message": message.replace("{", "{{").replace("}", "}}"), "text": message, "hint": hint, "key": key}
    return PydanticCustomError(code, "{text}", context)
