"""Draws what a step runs: its values, inputs and outputs, its fan-out, and how it fails.

In: a lifecycle while it is drawn, and a step of it. Out: the step with a body, and what later steps can read of it. Owns which kinds
of body meet which kinds of output and fault; never whether the step starts. Change it when a body can do more.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.conformance.drawing import Drawing, Source
from tests.conformance.drawn import Step, Tree, text_of
from tests.conformance.texts import FIELDS, literals, numbers, scalars, texts


def draw_process(drawing: Drawing, step: Step, source: Source, *, reads: bool, final: bool) -> None:
    """Give `step` a script or a call, and tell in `source` what can be read of it; itself it reads steps only if it `reads`."""
    own: list[str] = ["run.status"] if final else []
    if drawing.fan_outs < 2 and drawing.chance(40 if final else 22):
        drawing.fan_outs += 1
        _fan_out(drawing, step, reads=reads)
        own += [f"matrix.{key}" for key in step.get("matrix", {})] or ["item"]
        source.many = True
    known = [address for one in drawing.sources for address in one.kinds] if reads else []
    places = [*own, *own, *(f"params.{name}" for name in drawing.params), *known]
    step["values"] = {name: _tree(drawing, places) for name in drawing.some(["v", "W", "class_", "given", "q9", "lines"], 4)}
    if step["body"] == "run":
        step["styles"] = {name: drawing.one("plain", "quoted", "variable", "document") for name in step["values"]}
        step["prints"] = drawing.some(places, 2)
    outputs = list({name.upper(): name for name in drawing.some(list(FIELDS), 3)}.values())
    step["outputs"], step["folders"], step["writes"] = {}, [], {}
    for output in outputs:
        kind = drawing.one("dataset", "model", "report", "artifact", "metrics", "metrics", "values")
        step["outputs"][output] = kind
        if kind in ("metrics", "values"):
            _written(drawing, step, source, output, kind, own)
        elif drawing.chance(25):
            step["folders"].append(output)
        if output not in step["writes"] or step["body"] == "run":
            source.files.append(f"{source.name}.{output}")
    readable = [one for upper in drawing.sources for one in upper.files] if reads else []
    taken = {name.upper() for name in [*outputs, *step["values"]]}
    names = [name for name in ("table", "i1", "In", "left", "RIGHT") if name.upper() not in taken]
    step["inputs"] = dict(zip(names, drawing.some(readable, 3), strict=False))
    if drawing.chance(10):
        path = drawing.one("data/in.csv", "data/it's $x.txt", "-data")
        step["inputs"]["file"] = {"path": path}
        if drawing.chance(85):
            drawing.files[path] = drawing.draw(texts)
    if drawing.secrets and drawing.chance(40):
        step["secrets"] = drawing.some(list(drawing.secrets), 2)
    _fault(drawing, step)


def _fan_out(drawing: Drawing, step: Step, *, reads: bool) -> None:
    lists = [address for one in drawing.sources for address, kind in one.kinds.items() if kind == "list" and not one.many]
    if drawing.chance(45):
        step["foreach"] = drawing.draw(st.lists(literals, max_size=3, unique_by=text_of))
        if reads and lists and drawing.chance(70):
            step["foreach"] = drawing.one(*lists)
    else:
        values = st.one_of(numbers, texts.filter(lambda text: len(text) < 20), st.booleans())
        keys = drawing.draw(st.lists(st.sampled_from(["depth", "loss", "K", "class"]), min_size=1, max_size=2, unique=True))
        step["matrix"] = {key: drawing.draw(st.lists(values, min_size=1, max_size=2, unique_by=text_of)) for key in keys}
    if drawing.chance(20):
        step["parallel"] = drawing.one(1, 2, 4)


def _tree(drawing: Drawing, places: list[str]) -> Tree:
    if not places or drawing.chance(45):
        return drawing.draw(literals)
    place = {"$": drawing.one(*places)}
    form = drawing.one("whole", "text", "text", "list", "dict")
    if form == "whole":
        return place
    if form == "text":
        before: str = drawing.draw(texts)  # a `$` before a placeholder would escape it
        return {"+": [before + "." if before.endswith("$") else before, place, drawing.draw(texts)]}
    if form == "list":
        return [place, drawing.draw(literals)]
    return {drawing.one("a", "a b", "é", "$x"): place, "z": drawing.draw(literals)}


def _written(drawing: Drawing, step: Step, source: Source, output: str, kind: str, own: list[str]) -> None:
    name = f"json_{output}"
    address = f"{source.name}.{output}"
    kinds: dict[str, str]
    if kind == "metrics":
        tree: Tree = {"score": drawing.draw(numbers), "n": drawing.draw(st.integers(0, 9))}
        kinds = {"score": "number", "n": "number"}
        numeric = [
            one for one in own if one.startswith("matrix.") and all(type(v) in (int, float) for v in step["matrix"][one[7:]])
        ]
        if numeric:
            tree["score"] = {"$": numeric[0]}
        if step["body"] == "run" and drawing.chance(12):
            tree, kinds = '{"score": NaN, "n": 1}', {"score": "nan", "n": "number"}
    else:
        items = drawing.draw(st.lists(scalars, max_size=3))
        tree = {"text": drawing.draw(texts), "items": items}
        tree |= {"flag": drawing.draw(st.booleans()), "deep": {"x": drawing.draw(literals)}}
        kinds = {"text": "string", "items": "list", "flag": "boolean", "deep": "object", "deep.x": "any"}
        if own:
            tree["own"] = {"$": drawing.one(*own)}
            kinds["own"] = "any"
    step["values"][name], step["writes"][output] = tree, name
    if source.many:
        kinds = {key: "many" for key, value in kinds.items() if "." not in key}
    if drawing.chance(12):
        kinds["nope"] = "many" if source.many else "missing"
    source.kinds |= {f"{address}.{key}": value for key, value in kinds.items()}


def _fault(drawing: Drawing, step: Step) -> None:
    if drawing.chance(12):
        step["limit"] = drawing.one(1, 2, 3)
    if not drawing.faults or not drawing.chance(30):
        return
    drawing.faults -= 1
    ways = ["exit", "skip_code", "kill"]
    ways += ["half"] if len(step["outputs"]) > len(step["writes"]) else []
    ways += ["missing"] if step["outputs"] else []
    if step["body"] == "run":
        ways += ["bad_json"] if step["writes"] else []
        ways += ["timeout"]
    how: Any = drawing.one(*ways)
    many = "matrix" in step or "foreach" in step
    step["fault"] = {"count": drawing.one(1, 1, 2) if drawing.chance(50) else 9, "how": how}
    if how == "timeout":
        step["fault"]["count"] = 1
    if step["fault"]["count"] < 9:
        step["limit"] = drawing.one(0, 1, 2)
    if many:
        values = next(iter(step["matrix"].values())) if "matrix" in step else step["foreach"]
        if step["body"] != "run" or not isinstance(values, list) or not values or len(step.get("matrix", {})) > 1:
            del step["fault"]
            return
        step["fault"]["only"] = step["values"]["only"] = text_of(drawing.one(*values))
