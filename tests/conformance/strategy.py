"""Draws lifecycles: graphs of up to twelve steps with all that the language has for deciding what runs, and awkward text.

In: hypothesis' choices. Out: drawn lifecycles (see `drawn`) that mlspec takes without an error. Owns which features meet how
often; never what comes of them. Change it when the language gains a feature, or a divergence shows a kind of spec it never draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.conformance.bodies import VARIABLES, draw_process, variable_tree
from tests.conformance.conditions import apart, condition
from tests.conformance.drawing import Drawing, Source
from tests.conformance.drawn import KINDS, Life, Param, Step
from tests.conformance.limits import break_one, draw_limits, within
from tests.conformance.matrices import addresses, elements
from tests.conformance.texts import numbers, texts, without_null
from tests.conformance.unread import unread


@st.composite
def lives(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Life:
    """Whole lifecycles."""
    return unread(_life(Drawing(draw)))


def _life(drawing: Drawing) -> Life:
    life: Life = {"name": drawing.one("a", "a-b", "x1-2", "9", "1e3", "null", "conformance", "a" * 40)}
    if drawing.chance(50):
        life["description"] = drawing.draw(texts)
    if drawing.chance(40):
        life["labels"] = drawing.draw(st.dictionaries(texts.filter(str.strip), texts, max_size=2))
    life["on_failure"] = "continue" if drawing.going_on else "stop"
    for name in drawing.some(["p", "seed", "Text", "class", "names", "go", "A_1", "store", "run_id", "y", "null"], 4):
        drawing.params[name] = draw_param(drawing)
    if drawing.chance(9):
        break_one(drawing)
    life["params"] = drawing.params
    if drawing.chance(50):
        for name in drawing.some(["token", "class", "A_1", *KINDS], 3):
            absent = name not in KINDS and drawing.chance(10)
            drawing.secrets[name] = "" if absent else _secret(drawing.draw(texts))
    if drawing.chance(30):
        read = [f"params.{name}" for name in drawing.params]
        life["env"] = {name: variable_tree(drawing, read) for name in drawing.some(VARIABLES, 2)}
    life["steps"] = {}
    for _ in range(drawing.one(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)):
        name, step = _step(drawing, final=False)
        life["steps"][name] = step
    life["finals"] = {}
    drawing.sources, drawing.fan_outs = [], 0
    drawing.faults = max(drawing.faults, drawing.one(0, 1, 2))
    for _ in range(drawing.one(0, 0, 1, 2, 3)):
        name, step = _step(drawing, final=True)
        life["finals"][name] = step
    life["files"] = drawing.files
    life["secrets"] = drawing.secrets
    return life


def _secret(text: str) -> str:
    """A text no line of which is anything else in the spec: what it is, no record shows."""
    return "\n".join(f"pw-{line}" for line in text.split("\n"))


def draw_param(drawing: Drawing) -> Param:
    """A parameter, with a value that a run gives it or without."""
    kind = drawing.one("string", "string", "integer", "number", "boolean", "list", "object")
    values: dict[str, st.SearchStrategy[Any]] = {
        "string": texts,
        "integer": st.integers(-(2**53) + 1, 2**53 - 1),
        "number": numbers,
        "boolean": st.booleans(),
        "list": st.lists(without_null, max_size=3),  # nulls in parameters are refused on Kubeflow
        "object": st.dictionaries(st.sampled_from(["a", "b", "c d", "é"]), without_null, max_size=2),
    }
    param: Param = {"type": kind, "default": drawing.draw(values[kind]), "long": None}
    if kind in ("object", "number") or drawing.chance(50):
        param["long"] = {"description": drawing.draw(texts)} if drawing.chance(50) else {}
        if drawing.chance(60):
            param["long"] |= draw_limits(drawing, param, values[kind])
    if drawing.chance(50):
        param["given"] = within(drawing, param, values[kind])
    return param


def _step(drawing: Drawing, *, final: bool) -> tuple[str, Step]:
    name = drawing.names.pop()
    source = Source(name)
    step: Step = {"body": drawing.one("run", "run", "run", "call", "gate")}
    if not drawing.sources and not drawing.params and step["body"] == "gate":
        step["body"] = "run"
    if drawing.chance(30):
        step["description"] = drawing.draw(texts)
    if drawing.chance(20):
        step["stage"] = drawing.one("data", "model", "service")
    names = [one.name for one in drawing.sources]
    step["needs"] = drawing.some(names[-4:], 2)
    many = [one.name for one in drawing.sources if one.many and one.name not in step["needs"]]
    if final and many and drawing.chance(40):
        step["needs"].append(drawing.one(*many))  # few finals are drawn, which would seldom need one
    if step["body"] == "gate":
        step["gate"] = [condition(drawing, reads=not final, final=final)]
        if drawing.chance(30):
            step["gate"] = apart([*step["gate"], condition(drawing, reads=not final, final=final)])
        step["otherwise"] = drawing.one("stop", "skip")
    run_if = drawing.going_on and not final and bool(step["needs"]) and step["body"] != "gate" and drawing.chance(35)
    if run_if:
        step["run_if"] = drawing.one("failure", "always")
    if step["body"] != "gate":
        draw_process(drawing, step, source, reads=not run_if and not final, final=final)
    own = {f"matrix.{key}": elements(step, key) for key in addresses(step)}
    items = step.get("foreach", [])
    if isinstance(items, list) and (plain := [item for item in items if isinstance(item, str | int | float)]):
        own["item"] = plain
    if drawing.chance(25) and (drawing.params or own or (drawing.sources and not run_if)):
        step["when"] = condition(drawing, own, reads=not run_if and not final and "each" not in step, final=final)
    drawing.sources.append(source)
    return name, step
