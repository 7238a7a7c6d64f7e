"""The JSON Schema of the language, with what our own targets, library steps and policies declare.

In: nothing. Out: the schema's text. Owns whose declarations are in it: those of other packages are not, since the schema ships
with mlspec, unless one asks for all that is installed. Never says how a declaration becomes a schema (see `spec.schema`).
Change it when others bring something new to say.
"""

from __future__ import annotations

from mlspec import library, policies
from mlspec.checking.declared import language, model_of
from mlspec.spec.schema import json_schema as make
from mlspec.targets.base import secret_forms, targets


def json_schema(*, installed: bool = False) -> str:
    """Return the schema, the same bytes each time; `installed`: with what targets of other packages declare."""
    own = {name: target for name, target in targets().items() if installed or type(target).__module__.startswith("mlspec.")}
    options = {name: model_of(target.options) for name, target in own.items()}
    extensions = {name: model_of(target.extension) for name, target in own.items() if target.extension is not None}
    steps = [step for step in map(library.load, library.names()) if step.function.__module__.startswith("mlspec.")]
    rules = {name: policies.load(name).summary for name in policies.BUILT_IN}
    return make(language(secret_forms(own)), options, extensions, steps, rules)
