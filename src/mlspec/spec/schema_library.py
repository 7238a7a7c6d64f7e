"""What the JSON Schema says about steps of the library: their names, and what each takes.

In: the definition of a step and declarations of the library. Out: the definition with completions for `uses`, and for each
library step its own `inputs` and `with`. Owns how declarations become schemas; never imports what a step runs.
Change it when library steps declare something new.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlspec.library.model import LibraryStep, Option, OptionType, Port
from mlspec.terms import JSON_SCHEMA_TYPES

_TYPES: dict[OptionType, list[str]] = {
    **{kind: [name] for kind, name in JSON_SCHEMA_TYPES.items()},
    "scalar": ["string", "number", "boolean"],
}
_PLACEHOLDER = r"\$\{\{"
"""A value may be a text with a placeholder in it, whatever its type."""


def add_steps(step: dict[str, Any], library: Iterable[LibraryStep]) -> None:
    """Let `uses` name the steps of the library, others too, and check what is given to these."""
    steps = sorted(library, key=lambda each: each.name)
    uses = step["properties"]["uses"]
    text = {key: uses.pop(key) for key in ("type", "minLength", "pattern", "patternErrorMessage")}
    known = {"enum": [each.name for each in steps], "enumDescriptions": [f"{each.summary}." for each in steps]}
    uses["anyOf"] = [known, text]
    step["allOf"] = [
        {"if": {"required": ["uses"], "properties": {"uses": {"const": each.name}}}, "then": _takes(each)} for each in steps
    ]


def _takes(step: LibraryStep) -> dict[str, Any]:
    inputs = {name: {"description": _port(port)} for name, port in step.inputs.items()}
    options = {name: _option(option) for name, option in step.options.items()}
    needed = {
        "inputs": [name for name, port in step.inputs.items() if port.required],
        "with": [name for name, option in step.options.items() if option.required],
    }
    more = {"description": _port(step.extra_inputs)} if step.extra_inputs else False
    rule: dict[str, Any] = {
        "properties": {
            "inputs": {"properties": inputs, "additionalProperties": more},
            "with": {"properties": options, "additionalProperties": False},
        }
    }
    for key, names in needed.items():
        if names:
            rule.setdefault("required", []).append(key)
            rule["properties"][key]["required"] = names
    return rule


def _port(port: Port) -> str:
    kind = f"{port.type}, or a list of them" if port.many else port.type
    return f"{port.description} ({kind}{'' if port.required else '; optional'})."


def _option(option: Option) -> dict[str, Any]:
    kinds = list(_TYPES[option.type])
    schema: dict[str, Any] = {"description": f"{option.description}."}
    if option.default is not None:
        schema["default"] = option.default
    if option.enum:
        return {**schema, "anyOf": [{"enum": list(option.enum)}, {"type": "string", "pattern": _PLACEHOLDER}]}
    if "string" not in kinds:
        schema |= {"pattern": _PLACEHOLDER, "patternErrorMessage": f"Expected {option.type}, or a placeholder."}
        kinds.append("string")
    if not option.required:
        kinds.append("null")
    limits = {"minimum": option.minimum, "maximum": option.maximum}
    if option.items:
        schema["items"] = {"type": sorted({*_TYPES[option.items], "string"})}
    return schema | {"type": kinds} | {name: limit for name, limit in limits.items() if limit is not None}
