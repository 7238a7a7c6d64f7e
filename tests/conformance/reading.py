"""What addresses, conditions and templates come to, by the rules of the language.

In: a condition or a tree, and a function that looks an address up. Out: a verdict or a value. Owns what is equal to what, and which
text a value becomes; never which step runs (see `oracle`). Change it when the language reads a value in another way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from tests.conformance.drawn import Condition, Param, Tree, text_of

Look = Callable[[str], Any]
LARGEST = 2**53 - 1
"""Of the integers that every double tells apart."""
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "list": (list,), "object": (dict,),
}  # fmt: skip


class NoValueError(Exception):
    """An address that has no value when it is read."""


def judge(condition: Condition, look: Look) -> bool | None:
    """True, false, or None for a condition that cannot be decided; `and` and `or` need only the side that decides."""
    kind, *rest = condition
    if kind in ("and", "or"):
        left, right = (judge(one, look) for one in rest)
        decisive = kind == "or"
        return decisive if decisive in (left, right) else None if None in (left, right) else not decisive
    if kind == "not":
        inner = judge(rest[0], look)
        return None if inner is None else not inner
    try:
        value = look(rest[0])
    except NoValueError:
        return None
    if kind == "holds":
        return bool(value)
    if kind == "size":
        return len(value) == rest[1]
    return _compared(value, *rest[1:])


def _compared(value: Any, operator: str, other: Any) -> bool | None:
    if isinstance(value, float) and math.isnan(value):
        return None
    if _kind(value) != _kind(other):
        if value is None and operator in ("==", "!="):
            return bool(operator == "!=")  # CEL: null equals null alone
        return None  # a text and a number are neither equal nor unequal
    return bool({
        "==": lambda: value == other, "!=": lambda: value != other,
        "<": lambda: value < other, "<=": lambda: value <= other, ">": lambda: value > other, ">=": lambda: value >= other,
    }[operator]())  # fmt: skip


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def resolve(tree: Tree, look: Look) -> Any:
    """The value of a tree, with every address in it looked up."""
    match tree:
        case {"$": str(address)}:
            return look(address)
        case {"+": list(parts)}:
            told = [part for part in parts if part != ""]
            if len(told) == 1 and isinstance(told[0], dict):
                return resolve(told[0], look)  # a text that is one placeholder and no more keeps its type
            return "".join(text_of(resolve(part, look)) for part in parts)
        case dict():
            return {key: resolve(value, look) for key, value in tree.items()}
        case list():
            return [resolve(value, look) for value in tree]
    return tree


def parameter(value: Any) -> Any:
    """A parameter's value: all numbers are doubles, a whole one is written without a fraction, and keys are in order."""
    match value:
        case float():
            return int(value) if value.is_integer() and abs(value) <= 2**53 else value
        case list():
            return [parameter(one) for one in value]
        case dict():
            return {key: parameter(value[key]) for key in sorted(value)}
    return value


def breaks(param: Param) -> bool:
    """Whether the value that a run gives is not of the parameter's type, or out of its limits."""
    value, limits = param.get("given", param["default"]), param.get("long") or {}
    if type(value) not in _TYPES[param["type"]] or (param["type"] == "integer" and abs(value) > LARGEST):
        return True
    return (
        ("minimum" in limits and value < limits["minimum"])
        or ("maximum" in limits and value > limits["maximum"])
        or ("enum" in limits and text_of(parameter(value)) not in [text_of(parameter(one)) for one in limits["enum"]])
        or ("pattern" in limits and re.fullmatch(limits["pattern"], value) is None)
    )


def below(value: Any, fields: list[str]) -> Any:
    """A field of a field of … `value`."""
    for name in fields:
        if not isinstance(value, dict) or name not in value:
            raise NoValueError(name)
        value = value[name]
    return value
