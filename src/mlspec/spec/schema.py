"""The JSON Schema of the language, for editors.

In: the models, and those that targets bring for their sections. Out: the schema's text, the same bytes each time.
Owns what pydantic's schema lacks: the `x-…` keys, the sections of targets, the short titles. Never validates.
Change it when editors should know more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mlspec.spec.lifecycle import Lifecycle

_REFERENCE = "#/$defs/"


def json_schema(options: Mapping[str, type[BaseModel]], extensions: Mapping[str, type[BaseModel]]) -> str:
    """Return the schema: `options` by target for `targets:`, `extensions` by target for `x-<target>` on steps."""
    models = [Lifecycle, *(options[name] for name in sorted(options)), *(extensions[name] for name in sorted(extensions))]
    references, whole = models_json_schema([(model, "validation") for model in dict.fromkeys(models)], by_alias=True)
    definitions: dict[str, Any] = whole["$defs"]
    root = definitions.pop(_name(references[Lifecycle, "validation"]))
    root["properties"]["targets"]["properties"] = {name: references[options[name], "validation"] for name in sorted(options)}
    root["patternProperties"] = {"^x-": {"description": "Notes of your own; mlspec does not read them."}}
    step = definitions["Step"]
    step["properties"].pop("extensions", None)
    for name in sorted(extensions):
        description = f"What only {name} has."
        step["properties"][f"x-{name}"] = {"description": description, **references[extensions[name], "validation"]}
    step["oneOf"] = [{"required": [body]} for body in ("run", "call", "uses", "gate", "approval")]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "mlspec.v1.schema.json",
        "title": "mlspec lifecycle",
        **root,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }
    return json.dumps(_tidy(schema), indent=2, ensure_ascii=False) + "\n"


def _name(reference: Mapping[str, str]) -> str:
    return reference["$ref"].removeprefix(_REFERENCE)


def _tidy(value: Any, *, properties: bool = False) -> Any:
    """Drop the titles that pydantic makes of names, and nulls that YAML need not write."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    alternatives = value.get("anyOf")
    if isinstance(alternatives, list) and {"type": "null"} in alternatives:
        rest = [item for item in alternatives if item != {"type": "null"}]
        others = {key: item for key, item in value.items() if key not in ("anyOf", "default")}
        value = {**others, **(rest[0] if len(rest) == 1 else {"anyOf": rest})}
    kept = {key: item for key, item in value.items() if properties or key != "title" or item == "mlspec lifecycle"}
    return {
        key: _tidy(item, properties=key in ("properties", "$defs", "patternProperties") and not properties)
        for key, item in kept.items()
    }
