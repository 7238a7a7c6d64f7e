"""Draws what a step runs: its values, inputs and outputs, its fan-out, and how it fails.

In: a lifecycle while it is drawn, and a step of it. Out: the step with a body, and what later steps can read of it. Owns which kinds
of body meet which kinds of output and fault; never whether the step starts. Change it when a body can do more.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.conformance.drawing import Drawing, Source
from tests.conformance.drawn import Step, Tree, text_of
from tests.conformance.graph import name_of, root_of
from tests.conformance.matrices import addressable, addresses, draw_matrix, elements, ids
from tests.conformance.texts import FIELDS, literals, numbers, scalars, texts

NAMES = ["größe 1", "f1.macro avg", "a-b", "大阪", "it's", 'a "b" \\', "$(x) }}"]
"""Of fields, which are read in quotes."""
VARIABLES = ["EV_A", "OMP_NUM_THREADS", "lower_1", "MLFLOW_EXPERIMENT_NAME"]


def draw_process(drawing: Drawing, step: Step, source: Source, *, reads: bool, final: bool) -> None:
    """Give `step` a script or a call, and tell in `source` what can be read of it; itself it reads steps only if it `reads`."""
    own: list[str] = ["run.status"] if final else []
    if drawing.fan_outs < 2 and drawing.chance(40 if final else 22):
        drawing.fan_outs += 1
        _fan_out(drawing, step, reads=reads)
        own += [f"matrix.{key}" for key in addresses(step)] or ["item"]
        own += [f"matrix.{key}" for key in step.get("matrix", {}) if f"matrix.{key}" not in own]
        source.many, source.fan = True, (source.name, step)
        chosen = [one for one, row in ids(source.name, step) if addressable(row)] if "matrix" in step else []
        if chosen and drawing.chance(50):
            source.instance = drawing.one(*chosen)
    elif reads and drawing.chance(25) and (fans := [one for one in drawing.sources if one.fan is not None]):
        partner = drawing.one(*fans)
        step["each"], source.many, source.fan = partner.name, True, partner.fan
        paired = [one.name for one in fans if one.fan == partner.fan]
        step["needs"] = [name for name in step["needs"] if name not in paired]
        root = partner.fan[1] if partner.fan is not None else step
        own += [f"matrix.{key}" for key in addresses(root)] or ["item"]
        if drawing.chance(20):
            step["parallel"] = drawing.one(1, 2)
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
        if not output.startswith("_") and drawing.chance(20):
            suffix = "json" if kind in ("metrics", "values") else drawing.one("png", "csv", "tar.gz")
            step.setdefault("files", {})[output] = f"{output}.{suffix}"
        if kind in ("metrics", "values"):
            _written(drawing, step, source, output, kind, own)
        elif drawing.chance(25):
            step["folders"].append(output)
        if output not in step["writes"] or step["body"] == "run":
            source.files.append(f"{source.name}.{output}")
            source.files += [f"{source.instance}.{output}"] if source.instance else []
            once = source.instance if source.many else source.name
            source.types |= {f"{once}.{output}": kind} if once else {}
    readable = [one for upper in drawing.sources for one in upper.files] if reads else []
    taken = {name.upper() for name in [*outputs, *step["values"]]}
    names = [name for name in ("table", "i1", "In", "left", "RIGHT") if name.upper() not in taken]
    step["inputs"] = dict(zip(names, drawing.some(readable, 3), strict=False))
    if reads and drawing.chance(15) and (several := _one_of(drawing)):
        step["inputs"] = ({} if drawing.chance(60) else step["inputs"]) | {"one": {"any": several}}
    if drawing.chance(10):
        path = drawing.one("data/in.csv", "data/it's $x.txt", "-data")
        step["inputs"]["file"] = {"path": path}
        if drawing.chance(85):
            drawing.files[path] = drawing.draw(texts)
    if drawing.chance(25):
        step["env"] = {name: variable_tree(drawing, places) for name in drawing.some(VARIABLES, 2)}
    if drawing.secrets and drawing.chance(40):
        step["secrets"] = drawing.some(list(drawing.secrets), 2)
    _fault(drawing, step)


def _fan_out(drawing: Drawing, step: Step, *, reads: bool) -> None:
    lists = [address for one in drawing.sources for address, kind in one.kinds.items() if kind == "list" and not one.many]
    if drawing.chance(45):
        step["foreach"] = drawing.draw(st.lists(literals, max_size=3, unique_by=text_of))
        given = [f"params.{name}" for name, param in drawing.params.items() if param["type"] == "list"]
        if reads and lists and drawing.chance(70):
            step["foreach"] = drawing.one(*lists)
        elif given and drawing.chance(60):
            step["foreach"] = drawing.one(*given)
    else:
        draw_matrix(drawing, step)
    if drawing.chance(20):
        step["parallel"] = drawing.one(1, 2, 4)


def _one_of(drawing: Drawing) -> list[str]:
    """Outputs of two steps, of one type; nothing where there are none."""
    types = {address: kind for one in drawing.sources for address, kind in one.types.items()}
    first = drawing.one(*types) if types else ""
    others = [one for one, kind in types.items() if kind == types[first] and name_of(root_of(one)) != name_of(root_of(first))]
    return [first, drawing.one(*others)] if others else []


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


def variable_tree(drawing: Drawing, places: list[str]) -> Tree:
    """The value of a plain variable: a text, with a place in it or without."""
    text: str = drawing.draw(texts)
    if not places or drawing.chance(45):
        return text
    place = {"$": drawing.one(*places)}
    return place if drawing.chance(50) else {"+": [text + "." if text.endswith("$") else text, place]}


def _written(drawing: Drawing, step: Step, source: Source, output: str, kind: str, own: list[str]) -> None:
    name = f"json_{output}"
    address = f"{source.name}.{output}"
    kinds: dict[str, str]
    if kind == "metrics":
        tree: Tree = {"score": drawing.draw(numbers), "n": drawing.draw(st.integers(0, 9))}
        kinds = {"score": "number", "n": "number"}
        if drawing.chance(40):
            name_ = drawing.one(*NAMES)
            tree[name_], kinds[f"[{json.dumps(name_, ensure_ascii=False)}]"] = drawing.draw(numbers), "number"
        numeric = [
            one
            for one in own
            if one.startswith("matrix.")
            and source.fan
            and all(type(v) in (int, float) for v in elements(source.fan[1], one[7:]))
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
        if drawing.chance(30):
            name_ = drawing.one(*NAMES)
            tree[name_], kinds[f"[{json.dumps(name_, ensure_ascii=False)}]"] = drawing.draw(texts), "string"
        if own:
            tree["own"] = {"$": drawing.one(*own)}
            kinds["own"] = "any"
    step["values"][name], step["writes"][output] = tree, name
    if source.instance:
        source.kinds |= {f"{source.instance}.{output}{_field(key)}": value for key, value in kinds.items()}
    if source.many:
        kinds = {key: "many" for key in kinds if key.startswith("[") or "." not in key}
    if drawing.chance(12):
        kinds["nope"] = "many" if source.many else "missing"
    source.kinds |= {f"{address}{_field(key)}": value for key, value in kinds.items()}


def _field(key: str) -> str:
    """How an address goes on with a field."""
    return key if key.startswith("[") else f".{key}"


def _fault(drawing: Drawing, step: Step) -> None:
    if drawing.chance(12):
        step["limit"] = drawing.one(1, 2, 3)
    if not drawing.faults or "each" in step or not drawing.chance(30):
        return
    drawing.faults -= 1
    ways = ["exit", "skip_code", "kill"]
    ways += ["half"] if len(step["outputs"]) > len(step["writes"]) else []
    ways += ["missing"] if step["outputs"] else []
    if step["body"] == "run":
        ways += ["bad_json"] if step["writes"] else []
        ways += ["timeout", "vanish"]
    how: Any = drawing.one(*ways)
    many = "matrix" in step or "foreach" in step
    step["fault"] = {"count": drawing.one(1, 1, 2) if drawing.chance(50) else 9, "how": how}
    if how == "timeout":
        step["fault"]["count"] = 1
    if how == "vanish":
        step["fault"]["count"] = 9
    if step["fault"]["count"] < 9:
        step["limit"] = drawing.one(0, 1, 2)
    if many:
        values = next(iter(step["matrix"].values())) if "matrix" in step else step["foreach"]
        if step["body"] != "run" or not isinstance(values, list) or not values or len(step.get("matrix", {})) > 1:
            del step["fault"]
            return
        step["fault"]["only"] = step["values"]["only"] = text_of(drawing.one(*values))
