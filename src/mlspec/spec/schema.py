"""The JSON Schema of the language, for editors.

In: the models, those that targets bring for their sections, the steps of the library, the policies. Out: the schema's text, the
same bytes each time. Owns how pydantic's schema becomes one that editors show well; `schema_rules` owns the rules between keys,
`schema_library` what a library step takes. Never validates. Change it when editors should know more.

The schema is draft-07, which every version of yaml-language-server and every validator reads. `patternErrorMessage`,
`errorMessage` and `enumDescriptions` are yaml-language-server's own keywords; validators skip them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mlspec.durations import duration_text
from mlspec.library.model import LibraryStep
from mlspec.spec import schema_library, schema_rules
from mlspec.spec.lifecycle import Lifecycle
from mlspec.terms import MEANINGS, STAGE_MODEL

_POINTER = "#/definitions/"
_NOTES = {"description": "Notes of your own; mlspec does not read them."}
_TITLES = {
    "Lifecycle": "lifecycle",
    "Step": "step",
    "Param": "{type: …, default: …}",
    "Place": "{path: …} or {uri: …}",
    "RequirementsFile": "{file: …}",
    "Retry": "{limit: …, delay: …}",
}
"""What editors call what is expected, where a mapping is not the only form or another tool has another form."""


def json_schema(
    language: type[Lifecycle],
    options: Mapping[str, type[BaseModel]],
    extensions: Mapping[str, type[BaseModel]],
    library: Iterable[LibraryStep],
    policies: Mapping[str, str],
) -> str:
    """Return the schema of `language`: `options` by target for `targets:`, `extensions` by target for `x-<target>` on steps, and
    what each of the `policies` asks.
    """
    definitions = _definitions(language, options, extensions)
    names = {"enum": list(policies), "type": "string", "enumDescriptions": list(policies.values())}
    definitions["Lifecycle"]["properties"]["policies"]["items"] = names
    choices = schema_rules.take_choices(definitions)
    schema_library.add_steps(definitions["Step"], library)
    partial = schema_rules.partial(definitions)
    schema_rules.add_rules(definitions, choices)
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "mlspec.v1.schema.json",
        "title": "mlspec lifecycle",
        "description": definitions["Lifecycle"]["description"],
        # What a file leaves out may stand in the files that it includes: then nothing is missing.
        "if": {"type": "object", "required": ["include"]},
        "then": {"$ref": _POINTER + schema_rules.name_of_partial("Lifecycle")},
        "else": {"$ref": _POINTER + "Lifecycle"},
        "definitions": dict(sorted({**definitions, **partial}.items())),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _definitions(
    language: type[Lifecycle], options: Mapping[str, type[BaseModel]], extensions: Mapping[str, type[BaseModel]]
) -> dict[str, Any]:
    models: list[type[BaseModel]] = [
        language,
        *(options[n] for n in sorted(options)),
        *(extensions[n] for n in sorted(extensions)),
    ]
    inputs: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "validation") for model in dict.fromkeys(models)
    ]
    references, whole = models_json_schema(inputs, by_alias=True, ref_template=_POINTER + "{model}")
    definitions: dict[str, Any] = {name.lstrip("_"): _tidy(item) for name, item in whole["$defs"].items()}
    lifecycle, step = definitions["Lifecycle"], definitions["Step"]
    lifecycle["properties"]["targets"]["properties"] = {
        name: {"description": _sentence(options[name]), **references[options[name], "validation"]} for name in sorted(options)
    }
    profile = {"description": "What this variant changes.", "$ref": _POINTER + schema_rules.name_of_partial("Lifecycle")}
    lifecycle["properties"]["profiles"]["additionalProperties"] = profile
    lifecycle["patternProperties"] = {"^x-": _NOTES}
    step["properties"].pop("extensions")
    for name in sorted(extensions):
        described = {"description": f"What only {name} has.", **references[extensions[name], "validation"]}
        step["properties"][f"x-{name}"] = described
    step["patternProperties"] = {"^x-": {"description": "What only this target has."}}
    step["properties"]["stage"]["enumDescriptions"][1] = STAGE_MODEL
    for name, title in _TITLES.items():
        definitions[name]["title"] = title
    return definitions


def _sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip()


def _tidy(value: Any) -> Any:
    """Make one schema of pydantic's, and those inside it, what editors show well."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = _without_null(value)
    if "oneOf" in value:  # of pydantic, for forms that are told apart before they are read
        value["anyOf"] = value.pop("oneOf")
    if "properties" in value:
        value["properties"] = {name: _tidy(item) for name, item in value["properties"].items()}
    for key in ("anyOf", "items", "additionalProperties"):
        if key in value:
            value[key] = _tidy(value[key])
    if "$ref" in value:
        value["$ref"] = _POINTER + value["$ref"].removeprefix(_POINTER).lstrip("_")
    value.pop("title", None)
    _drop_default(value)
    _open_names(value)
    if set(value.get("enum", ())) & set(MEANINGS) and "queue" not in value["enum"]:  # `skip` means something else there
        value["enumDescriptions"] = [MEANINGS.get(word, "") for word in value["enum"]]
    return value


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop the nulls of optional keys: nobody need write them."""
    alternatives = schema.get("anyOf", [])
    if {"type": "null"} not in alternatives:
        return dict(schema)
    rest = [item for item in alternatives if item != {"type": "null"}]
    others = {key: item for key, item in schema.items() if key not in ("anyOf", "default")}
    return {**(rest[0] if len(rest) == 1 else {"anyOf": rest}), **others}


def _drop_default(schema: dict[str, Any]) -> None:
    """Drop defaults that say nothing (empty ones), and write durations as a spec does, which are kept as seconds."""
    default = schema.get("default")
    if default in ("", [], {}) or isinstance(default, dict):
        del schema["default"]
    elif isinstance(default, float) and schema.get("type") == "string":
        schema["default"] = duration_text(default)


def _open_names(schema: dict[str, Any]) -> None:
    """Check names apart from what they name: a wrong name is then one finding, and the rest is still checked."""
    named = schema.pop("patternProperties", None)
    if named is None:
        return
    ((pattern, item),) = named.items()
    schema["propertyNames"] = {"pattern": pattern, **schema.get("propertyNames", {})}
    schema["additionalProperties"] = _tidy(item) or True
