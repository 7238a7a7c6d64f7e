"""Draws what parameters may be: bounds, `enum` and `pattern`, values within them, and values that break them.

In: a parameter while it is drawn. Out: keys of its long form, values. Owns which limits are drawn for which type, always such that
the default keeps them; never what comes of a value that does not (see `oracle`). Change it when parameters get another limit.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from tests.conformance.drawing import Drawing
from tests.conformance.drawn import Param, text_of
from tests.conformance.reading import LARGEST, breaks, parameter
from tests.conformance.texts import TEXTS

LIMITS = ("minimum", "maximum", "enum", "pattern")
Values = st.SearchStrategy[Any]
PATTERNS = (
    "[a-z]*", "[a-z0-9._-]+", "[ -~]*", "[^$]*", "[^\\n]*", ".*", ".+", "(?s).*", "(?s).{0,40}", ".{0,40}", "(?s).{3,}",
    "(?:[^{]|\\{[^{])*", "(?s)[^\\\\'\"]*", "|.*[^ ]", "(?s).*(?:\\n|[^\\n])", "é*|漢字|[^é]*", "(?P<word>\\$\\(.*\\))?.*",
)  # fmt: skip
"""Of RE2, what means the same to Python's `re`, by which the oracle reads them."""


def draw_limits(drawing: Drawing, param: Param, values: Values) -> dict[str, Any]:
    """Keys of a long form that the default keeps; none for an object."""
    kind, default = param["type"], param["default"]
    if kind in ("integer", "number") and drawing.chance(65):
        nearest = {"minimum": min, "maximum": max}
        sides = drawing.one(["minimum"], ["maximum"], ["minimum", "maximum"])
        return {side: nearest[side](default, drawing.draw(values)) for side in sides}
    if kind == "string" and drawing.chance(65):
        own = f"(?:{re.escape(default)}){drawing.one('', '|', '|[a-z]+', '?')}"
        return {"pattern": drawing.one(own, *(one for one in PATTERNS if _keeps(param, {"pattern": one}, default)))}
    if kind in ("object", "boolean"):
        return {}
    apart = {text_of(parameter(one)): one for one in [*drawing.draw(st.lists(values, max_size=3)), default]}
    return {"enum": list(apart.values())}


def within(drawing: Drawing, param: Param, values: Values) -> Any:
    """A value that a run may give."""
    limits = param["long"] or {}
    if "enum" in limits:
        return drawing.one(*limits["enum"])
    if "pattern" in limits:
        return drawing.one(*(one for one in (param["default"], "", "a", *TEXTS) if not breaks({**param, "given": one})))
    value = drawing.draw(values)
    if "minimum" in limits:
        value = max(value, limits["minimum"])
    return min(value, limits["maximum"]) if "maximum" in limits else value


def break_one(drawing: Drawing) -> None:
    """Give one parameter a value that it does not take, if one has any."""
    found = {name: _beyond(param) for name, param in drawing.params.items()}
    of_type = {
        name: [one for one in values if not breaks({**drawing.params[name], "long": None, "given": one})]
        for name, values in found.items()
    }
    if any(of_type.values()) and drawing.chance(75):
        found = of_type
    if names := [name for name, values in found.items() if values]:
        name = drawing.one(*names)
        drawing.params[name]["given"] = drawing.one(*found[name])


def broken(param: Param) -> str:
    """The first thing that the given value of a parameter breaks, in a few words."""
    if breaks({**param, "long": None}):
        return f"not of its type {param['type']}"
    limits = param["long"] or {}
    return (
        f"out of its {next(one for one in LIMITS if breaks({**param, 'long': {one: limits[one]} if one in limits else None}))}"
    )


def _beyond(param: Param) -> list[Any]:
    """Values out of a parameter's limits or of another type.

    None that Jenkins takes all the same, where everything is text but booleans, and these are true or not.
    """
    limits, tried = param["long"] or {}, []
    least, most = limits.get("minimum", 0), limits.get("maximum", 0)
    match param["type"]:
        case "string":
            tried = [param["default"] + "\n", param["default"] + "A", "A", *TEXTS]
        case "integer":
            tried = [least - 1, most + 1, -LARGEST, LARGEST, LARGEST + 1, 1.5, "x"]
        case "number":
            tried = [least - 1, most + 1, least - 0.25, most + 0.25, -1e21, 1e21, "x"]
        case "list":
            tried = [[], [[]], ["no", 1], {"a": 1}, "x"]
        case "object":
            tried = [[1], "x"]
    return [one for one in tried if breaks({**param, "given": one})]


def _keeps(param: Param, limits: dict[str, Any], value: Any) -> bool:
    return not breaks({**param, "long": limits, "given": value})
