"""What the JSON Schema says about keys together, and the lenient half of it.

In: definitions made from the models. Out: the same with the rules that models hold in code (`add_rules`), and definitions for
what is no whole lifecycle (`partial`). Owns the messages that editors show for them; never makes a definition from a model.
Change it when keys of a section begin to depend on each other.

A rule is an `if`/`then` whose `then` forbids keys (`false`): editors mark the very key, where `oneOf` would mark the whole step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mlspec.spec.step import PROCESS_KEYS
from mlspec.terms import BODIES, JSON_SCHEMA_TYPES

EXACTLY_ONE = "exactlyOne"
"""Where a model's schema states that one of some `keys` is given and no other, and with what `message`."""
_POINTER = "#/definitions/"


def name_of_partial(name: str) -> str:
    """The lenient definition's name."""
    return f"part.{name}"


def partial(definitions: dict[str, Any]) -> dict[str, Any]:
    """Definitions for profiles and for specs with includes: nothing is required, and null takes a value away."""
    return {name_of_partial(name): _lenient(schema) for name, schema in definitions.items()}


def _lenient(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_lenient(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties" or key == "patternProperties":
            result[key] = {name: _lenient(item) for name, item in value.items()}
        elif key == "$ref":
            target = value.removeprefix(_POINTER)
            result[key] = value if target.startswith(name_of_partial("")) else _POINTER + name_of_partial(target)
        elif key == "type":
            kinds = [value] if isinstance(value, str) else value
            result[key] = list(dict.fromkeys([*kinds, "null"]))
        elif key == "enum":
            result[key] = [*value, None]
        elif key == "enumDescriptions":
            result[key] = [*value, "Takes the value away."]
        elif key in ("anyOf", "allOf", "items", "additionalProperties", "then"):
            result[key] = _lenient(value)
        elif key not in ("required", "minProperties"):
            result[key] = value
    return result


def take_choices(definitions: dict[str, Any]) -> dict[str, Any]:
    """Take the rules that sections state themselves out of the definitions; `add_rules` puts them into its own words."""
    return {name: schema.pop(EXACTLY_ONE) for name, schema in definitions.items() if EXACTLY_ONE in schema}


def add_rules(definitions: dict[str, Any], choices: dict[str, Any]) -> None:
    """Add what only holds for whole sections; `choices` are those of `take_choices`."""
    body = "A step has exactly one body: run, call, uses, gate or approval."
    definitions["Step"].setdefault("allOf", []).extend([*_exactly_one(BODIES, body), *_step_rules()])
    matrix = definitions["Matrix"]
    matrix["minProperties"] = matrix["additionalProperties"]["minItems"] = 1
    matrix["propertyNames"] = definitions["Step"]["properties"]["inputs"]["propertyNames"]
    place = definitions["Place"]
    place["allOf"] = _exactly_one(("path", "uri", "any"), "An input is either path, uri or any.")
    place["properties"]["any"]["minItems"] = 2
    inside = {
        "pattern": r"^(?!/)(?!(.*/)?\.\.(/|$)).*\S",
        "patternErrorMessage": "A path inside the project; use {uri: …} for others.",
    }
    place["properties"]["path"] |= inside
    place["properties"]["uri"] |= {
        "pattern": ":",
        "patternErrorMessage": "A URI: scheme://…; for a file in the repository use path.",
    }
    for name, rule in choices.items():
        definitions[name]["allOf"] = _exactly_one(rule["keys"], rule["message"])
    receiver = "A receiver is a secret (with a webhook's URL) or email."
    definitions["Receiver"]["allOf"] = _exactly_one(("secret", "email"), receiver)
    _param_rules(definitions["Param"])
    read = "Only of a dataset is it said how it is read."
    no_dataset = {"required": ["type"], "properties": {"type": {"not": {"const": "dataset"}}}}
    definitions["OutputFile"]["allOf"] = [
        {"if": no_dataset, "then": {"properties": {"contract": False, "format": False}, "errorMessage": read}}
    ]
    for name, key, needed, message in _NEEDED:
        definitions[name].setdefault("allOf", []).append(
            {"if": {"required": [key]}, "then": {"required": [needed], "errorMessage": message}}
        )


_NEEDED = (
    ("Triggers", "catchup", "schedule", "catchup needs a schedule."),
    ("Triggers", "start", "catchup", "start needs catchup: true."),
    ("Triggers", "limit", "overlap", "limit needs overlap."),
    ("Environment", "pull_secret", "image", "pull_secret needs an image."),
)
"""Keys that mean nothing without another one."""


def _exactly_one(keys: Sequence[str], message: str) -> list[dict[str, Any]]:
    none = {"not": {"anyOf": [{"required": [key]} for key in keys]}}
    rules: list[dict[str, Any]] = [{"if": none, "then": {"required": [keys[0]], "errorMessage": message}}]
    # Each pair once, and the later of the two is the wrong one.
    return rules + [_never_with(key, keys[index + 1 :], message) for index, key in enumerate(keys[:-1])]


def _never_with(key: str, others: Iterable[str], message: str) -> dict[str, Any]:
    return {"if": {"required": [key]}, "then": {"properties": dict.fromkeys(others, False), "errorMessage": message}}


def _step_rules() -> list[dict[str, Any]]:
    words = [key.rstrip("_") for key in PROCESS_KEYS]
    no_process = [_never_with(body, words, f"This key has no meaning in a step with {body}.") for body in ("gate", "approval")]
    alone = {"anyOf": [{"required": ["gate"]}, {"not": {"required": ["otherwise"]}}]}
    fans_out = {"anyOf": [{"required": ["matrix"]}, {"required": ["foreach"]}, {"required": ["each"]}]}
    return [
        *no_process,
        _never_with("uses", ["outputs"], "The outputs of a library step are given by the library."),
        _never_with("matrix", ["foreach", "each"], "A step has one of matrix, foreach and each."),
        _never_with("foreach", ["each"], "A step has one of matrix, foreach and each."),
        {"if": alone, "else": {"properties": {"otherwise": False}, "errorMessage": "otherwise belongs to a gate."}},
        {
            "if": fans_out,
            "else": {"properties": {"parallel": False}, "errorMessage": "parallel belongs to matrix, foreach or each."},
        },
    ]


def _param_rules(param: dict[str, Any]) -> None:
    # The type may be left out where the default tells it.
    param["required"] = ["default"]
    param["properties"]["default"]["type"] = ["string", "number", "boolean", "array", "object"]
    param["allOf"] = [rule for kind, value in JSON_SCHEMA_TYPES.items() for rule in _rules_of_type(kind, value)]


def _rules_of_type(kind: str, value: str) -> list[dict[str, Any]]:
    of_kind: dict[str, Any] = {"required": ["type"], "properties": {"type": {"const": kind}}}
    bounds = ["minimum", "maximum"] if kind not in ("integer", "number") else []
    barred = [*bounds, *(["pattern"] if kind != "string" else [])]
    no_such = {
        "properties": dict.fromkeys(barred, False),
        "errorMessage": f"A parameter of type {kind} does not have this key.",
    }
    wrong = {"type": value, "errorMessage": f"The default is not of the type {kind}."}
    untold = {"not": {"required": ["type"]}, "required": ["default"], "properties": {"default": {"type": value}}}
    return [
        {"if": of_kind, "then": {"properties": {"default": wrong}}},
        {"if": {"anyOf": [of_kind, untold]}, "then": no_such},
    ]
