"""What a parameter's limits say of a value, the same when a spec is checked, when a run is started and in each step process.

In: a parameter's attributes and a JSON value, or its text. Out: what the value breaks, in words. Owns type, bounds, `enum` and
`pattern`, and their form on a command line. Never knows where the value came from. Standard library only, but for RE2, imported
when there is a pattern. Change it when a parameter learns another limit, together with docs/step-process.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Protocol

from mlspec.expr.values import compact, is_a, number_text, shortened, typed
from mlspec.terms import PARAM_TYPES, Json, ParamType

LARGEST_INTEGER = 2**53 - 1
"""Beyond it two integers share a double, in which KFP keeps all numbers (struct.proto, `Value.number_value`)."""
_FORMS = {
    "integer": "a whole number, such as 7",
    "number": "a number, such as 0.5 or 1e-3",
    "boolean": "true or false",
    "list": 'JSON, such as ["a", 1]',
    "object": 'JSON, such as {"a": 1}',
}
"""How the types are written that a text may fail to be."""


class Limited(Protocol):
    """A parameter: of the spec, of the plan or of a step process."""

    @property
    def type(self) -> ParamType:
        """string, integer, number, boolean, list or object."""

    @property
    def minimum(self) -> float | None:
        """The least a number may be."""

    @property
    def maximum(self) -> float | None:
        """The most a number may be."""

    @property
    def enum(self) -> Collection[Any]:
        """The only values there are; any when empty."""

    @property
    def pattern(self) -> str | None:
        """A regular expression that a whole string must match."""


class Limits(NamedTuple):
    """The limits of a parameter, as a step process is told them."""

    type: ParamType
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Json, ...] = ()
    pattern: str | None = None


class ParameterError(ValueError):
    """A parameter that there is not, or a value that it does not take."""


def limits_of(limited: Limited) -> Limits:
    """Only the limits of a parameter."""
    return Limits(limited.type, limited.minimum, limited.maximum, tuple(limited.enum), limited.pattern)


def is_bounded(limited: Limited) -> bool:
    """Whether a value of its type may still be refused."""
    return limited.minimum is not None or limited.maximum is not None or bool(limited.enum) or limited.pattern is not None


def value_of(name: str, limited: Limited, text: str) -> Json:
    """Read the text of a parameter, within its limits; raises `ParameterError`."""
    try:
        value = typed(text, limited.type)
    except ValueError as error:
        raise ParameterError(f"parameter {name}: {error}; write {_FORMS[limited.type]}") from None
    check_value(name, limited, value)
    return value


def check_value(name: str, limited: Limited, value: Json) -> None:
    """Raise `ParameterError` for a value out of its parameter's limits."""
    broken = violation(limited, value)
    if broken is not None:
        raise ParameterError(f"parameter {name}: {broken}")


def violation(limits: Limited, value: Json) -> str | None:
    """Say what a value breaks (`0.2 is below its minimum 0.5`); None when nothing."""
    shown = shortened(compact(value))
    if not is_a(value, limits.type):
        return f"{shown} is not of its type {limits.type}"
    if limits.type == "integer" and abs(value) > LARGEST_INTEGER:
        return f"{shown} is beyond {LARGEST_INTEGER}, up to which every target keeps integers"
    try:
        kept = _kept(value, limits.type)
    except ValueError as error:
        return str(error)
    if limits.minimum is not None and not value >= limits.minimum:
        return f"{shown} is below its minimum {number_text(limits.minimum)}"
    if limits.maximum is not None and not value <= limits.maximum:
        return f"{shown} is above its maximum {number_text(limits.maximum)}"
    if limits.enum and kept not in [_kept(one, limits.type) for one in limits.enum]:
        return f"{shown} is none of {', '.join(map(compact, limits.enum))}"
    if limits.pattern is not None and not _matches(limits.pattern, value):
        return f"{shown} does not match its pattern `{limits.pattern}`"
    return None


def _matches(pattern: str, text: str) -> bool:
    from mlspec.expr.patterns import matches

    return matches(pattern, text)


def _kept(value: Json, kind: ParamType) -> str:
    """The value as it is read from its text: 2 for 2.0, the keys of objects in order, true apart from 1."""
    return compact(value if kind == "string" else typed(compact(value), kind))


def limits_text(parameters: Iterable[tuple[str, Limits]]) -> str:
    """The limits of parameters by name, as JSON on one line: `{"depth":{"type":"integer","minimum":1}}`."""
    return compact({name: _said(limits) for name, limits in parameters})


def limits_from_text(text: str) -> dict[str, Limits]:
    """Read what `limits_text` wrote; raises `ValueError`."""
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("it is no object")
    return {name: _read(name, one) for name, one in said.items()}


def _said(limits: Limits) -> dict[str, Json]:
    said = {key: value for key, value in limits._asdict().items() if value is not None and value != ()}
    for key in ("minimum", "maximum"):
        if key in said and float(said[key]).is_integer() and abs(said[key]) <= LARGEST_INTEGER:
            said[key] = int(said[key])
    return said


def _read(name: str, said: Json) -> Limits:
    kinds: dict[str, type | tuple[type, ...]] = {
        "type": str, "minimum": (int, float), "maximum": (int, float), "enum": list, "pattern": str,
    }  # fmt: skip
    if not isinstance(said, dict) or said.get("type") not in PARAM_TYPES:
        raise ValueError(f"{name!r} has none of the types {', '.join(PARAM_TYPES)}")
    for key, value in said.items():
        if key not in kinds or not isinstance(value, kinds[key]) or isinstance(value, bool):
            raise ValueError(f"{name!r}: {key!r} is none of {', '.join(kinds)}, or of another type")
    return Limits(**{**said, "enum": tuple(said.get("enum", ()))})
