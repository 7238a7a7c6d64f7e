"""The small types of the language: names, texts, quantities, functions (see `times` for those of time).

In: what YAML gave. Out: annotated types that pydantic validates, each with its JSON Schema.
Owns their syntax and the messages for a wrong one; never knows which section uses them.
Change it when a kind of value is written differently.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mlspec import quantities
from mlspec.spec import value_hints
from mlspec.spec.base import wrong
from mlspec.tracking.names import experiment_fault

RESERVED = ("params", "run", "env", "matrix", "item", "inputs", "outputs", "with", "secrets")
"""Words that cannot name a step: they begin addresses."""

_STEP_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def found(value: Any) -> str:
    """Name the kind of a YAML value, for messages."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"`{value}`" if len(value) <= 60 else f"`{value[:57]}…`"
    return "a list" if isinstance(value, list) else "a mapping"


def text_of(value: Any, what: str, example: str) -> str:
    """Return a text; `what` it is and an `example` are for who wrote none."""
    if not isinstance(value, str):
        raise wrong("MLS203", f"{what} is text, not {found(value)}", f"such as `{example}`")
    return value


def step_name(value: Any) -> str:
    """Check a step's key."""
    text = text_of(value, "a step's name", "train")
    if not _STEP_NAME.fullmatch(text):
        close = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_").lstrip("0123456789_")[:50]
        hint = "lower-case letters, digits and `_`, a letter first, at most 50 characters"
        raise wrong("MLS205", f"`{text}` cannot name a step", f"write `{close}`: {hint}" if close else hint)
    if text in RESERVED:
        raise wrong("MLS214", f"`{text}` is a reserved word and cannot name a step", f"write `{text}_step`")
    return text


def _identifier(value: Any) -> str:
    if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
        return value
    text = text_of(value, "a name", "table")
    close = re.sub(r"\W+", "_", text).strip("_").lstrip("0123456789")[:64]
    hint = "letters, digits and `_`, no digit first, at most 64 characters"
    raise wrong("MLS205", f"`{text}` is no name", f"write `{close}`: {hint}" if close else hint)


def _label(value: Any) -> str:
    text = text_of(value, "the name", "credit-default")
    if not _LABEL.fullmatch(text):
        close = re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-")
        hint = "lower-case letters, digits and `-`, at most 40 characters (a DNS label)"
        raise wrong("MLS205", f"`{text}` cannot name a lifecycle", f"write `{close}`: {hint}" if close else hint)
    return text


def _experiment(value: Any) -> str:
    text = text_of(value, "an experiment's name", "credit-default")
    if (fault := experiment_fault(text)) is not None:
        raise wrong("MLS205", f"an experiment's name {fault}", "such as `credit-default`")
    return text


def _profile(value: Any) -> str:
    text = text_of(value, "a profile's name", "prod")
    if not _PROFILE.fullmatch(text):
        close = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:30]
        hint = "letters, digits, `-` and `_`, at most 30 characters: its files are named after it"
        raise wrong("MLS205", f"`{text}` cannot name a profile", f"write `{close}`: {hint}" if close else hint)
    return text


def _variable(value: Any) -> str:
    text = text_of(value, "an environment variable", "MLFLOW_TRACKING_TOKEN")
    if not _VARIABLE.fullmatch(text):
        raise wrong("MLS205", f"`{text}` cannot name an environment variable", "letters, digits and `_`")
    return text


def _plain_variable(value: Any) -> str:
    name = _variable(value)
    if name.startswith("MLSPEC_"):
        raise wrong("MLS205", f"`{name}` is one of mlspec's own variables", "give it another name")
    return name


def _plain_text(value: Any) -> str:
    if isinstance(value, bool | int | float):
        written = str(value).lower() if isinstance(value, bool) else str(value)
        raise wrong("MLS203", f"the value of a variable is text, not {found(value)}", f'write "{written}"')
    if not isinstance(value, str):
        raise wrong("MLS203", f"the value of a variable is text, not {found(value)}", "write one text")
    return value


def _quantity(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value)
    text = text_of(value, "a quantity", "4Gi")
    if not _is_positive_quantity(text):
        hint = value_hints.quantity(text) or "write 2, 0.5 or 500m for CPUs, 512Mi or 4Gi for memory"
        raise wrong("MLS208", f"`{text}` is no quantity", hint)
    return text


def _is_positive_quantity(text: str) -> bool:
    try:
        return quantities.amount(text) > 0
    except ValueError:
        return False


def _function(value: Any) -> str:
    text = text_of(value, "a function", "credit.data:ingest")
    if not _FUNCTION.fullmatch(text):
        hint = value_hints.function(text) or "write module:function, such as credit.data:ingest"
        raise wrong("MLS211", f"`{text}` names no function", hint)
    return text


def schema(pattern: str, message: str, *examples: Any) -> WithJsonSchema:
    """The schema of a text. `message` is what editors say when it does not match."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "patternErrorMessage": message, "examples": list(examples)})


_NAME_RULE = "letters, digits and `_`, no digit first, at most 64 characters"
_STEP_RULE = "A step's name: lower-case letters, digits and `_`, a letter first, at most 50 characters."

StepName = Annotated[
    str,
    BeforeValidator(step_name),
    schema(rf"^(?!({'|'.join(RESERVED)})$)[a-z][a-z0-9_]{{0,49}}$", f"{_STEP_RULE} Not: {', '.join(RESERVED)}.", "train"),
]
Identifier = Annotated[
    str, BeforeValidator(_identifier), schema("^[A-Za-z_][A-Za-z0-9_]{0,63}$", f"A name: {_NAME_RULE}.", "table")
]
LifecycleName = Annotated[
    str,
    BeforeValidator(_label),
    schema(
        "^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        "A lifecycle's name: lower-case letters, digits and `-`, at most 40 characters.",
        "credit-default",
    ),
]
ExperimentName = Annotated[
    str,
    BeforeValidator(_experiment),
    schema(r"^(?=.*\S).{1,500}$", "The name of an MLflow experiment: at most 500 characters.", "credit-default"),
]
ProfileName = Annotated[
    str,
    BeforeValidator(_profile),
    schema(
        "^[A-Za-z0-9][A-Za-z0-9_-]{0,29}$", "A profile's name: letters, digits, `-` and `_`, at most 30 characters.", "prod"
    ),
]
Variable = Annotated[
    str,
    BeforeValidator(_variable),
    schema("^[A-Za-z_][A-Za-z0-9_]*$", "An environment variable: letters, digits and `_`.", "MLFLOW_TRACKING_TOKEN"),
]
PlainVariable = Annotated[
    str,
    BeforeValidator(_plain_variable),
    schema(
        "^(?!MLSPEC_)[A-Za-z_][A-Za-z0-9_]*$",
        "An environment variable: letters, digits and `_`; none of MLSPEC_….",
        "OMP_NUM_THREADS",
    ),
]
PlainText = Annotated[str, BeforeValidator(_plain_text)]
Variables = dict[PlainVariable, PlainText]
"""`env:` plain variables of a process."""
Quantity = Annotated[
    str,
    BeforeValidator(_quantity),
    WithJsonSchema({
        "type": ["number", "string"],
        "exclusiveMinimum": 0,
        "pattern": rf"^(?=.*[1-9]){quantities.PATTERN}$",
        "patternErrorMessage": "A quantity: 2, 0.5 or 500m for CPUs, 512Mi or 4Gi for memory.",
        "examples": [2, "500m", "4Gi"],
    }),
]  # fmt: skip
Function = Annotated[
    str,
    BeforeValidator(_function),
    schema(
        # Wider than ours: \w is ASCII alone in the regular expressions of JSON Schema.
        r"^[A-Za-z_][^\s:.]*(\.[A-Za-z_][^\s:.]*)*:[A-Za-z_][^\s:.]*$",
        "A function: module:function, such as credit.data:ingest.",
        "credit.data:ingest",
    ),
]


def _finite(value: Any) -> Any:
    """Refuse `.nan` and `.inf`, however deep: values travel as JSON, which has no such numbers."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, float) and not math.isfinite(item):
            raise wrong("MLS206", f"{found(item)} is not finite, and JSON has no such number", "write it as text, in quotes")
        todo += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return value


Json = Annotated[Any, BeforeValidator(_finite)]
"""Any value that JSON can hold."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise wrong("MLS206", "the text is empty")
    return value


Text = Annotated[
    str,
    AfterValidator(_not_blank),
    Field(min_length=1, json_schema_extra={"pattern": r"\S", "patternErrorMessage": "The text is empty."}),
]
"""Text with something in it."""
