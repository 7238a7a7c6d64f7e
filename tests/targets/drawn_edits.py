"""Draws specs and small edits of them, such as a pull request makes.

In: hypothesis' choices. Out: `Edit`s: a spec before and after, and what was done to it. Owns the features that the lifecycles of
`tests.conformance` lack (images, resources, secrets, options of targets, approvals, library steps); never compiles.
Change it when a spec can say something new, or is edited in another way.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from mlspec.expr.limits import Limits, violation
from tests.conformance.render import escaped
from tests.conformance.render import spec as spec_of
from tests.conformance.strategy import lives
from tests.conformance.texts import texts

Spec = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

NEW_NAMES = ("z", "aa", "m_x", "no", "y", "null", "on", "zz_top", "dag", "class", "each", "run_it", "x2x", "long" + "_name" * 9)
TEXTS = ("Another.", "it's one", "no", "# no comment", "w" * 90, "é" * 50, "{{ x }} $HOME")
DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "string": ("", "no", "abc", "it's", "a\nb", "é", "{{ x }}", "y" * 90),
    "integer": (0, 1, -3, 123456789),
    "number": (0.75, 0.123456789, 1e-9),
    "boolean": (True, False),
    "list": ([], [3], ["x"] * 4, [["a"], {"b": "c"}], [f"a-long-name-{n}" for n in range(9)]),
    "object": ({}, {"a": 2}, {"a": {"b": [1, 2, "c" * 80]}}),
}
PARAMS: Mapping[str, Any] = {
    "rate": {"type": "number", "default": 0.5, "minimum": 0, "description": "How fast it learns"},
    "kind": {"default": "fast", "enum": ["fast", "exact", "it's", "no"]},
    "note": {"default": "abc", "pattern": "(?s).*", "description": "it's\nfree"},
    "many": {"default": ["eu-west-1"] * 3, "description": "Where"},
    "count": {"type": "integer", "default": 3, "enum": [1, 2, 3]},
    "flag": {"default": False, "description": "Whether or not"},
    "deep": {"type": "object", "default": {"a": 1, "b": [1, 2]}},
}
ENVIRONMENTS: Mapping[str, Any] = {
    "ml": {"image": "ghcr.io/acme/ml:1.4.2", "python": "3.11", "requirements": ["numpy==2.0"], "pythonpath": ["src", "it's"]},
    "no": {"image": "y"},
    "gpu": {"requirements": ["x>=1,<2"]},
}
OF_A_PROCESS: Mapping[str, tuple[Any, ...]] = {
    "environment": ("ml", "no", "gpu"),
    "resources": ({"cpu": 2, "memory": "4Gi"}, {"gpu": 1}, {"cpu": "500m", "memory": "1Gi", "gpu": 2}),
    "retry": ({"limit": 2, "delay": "30s", "factor": 2, "max_delay": "5m"},),
    "timeout": ("20m", "1h30m"),
    "cache": (False,),
    "x-kubeflow": ({"node_selector": {"disk": "ssd"}}, {"tolerations": [{"key": "gpu", "operator": "Exists"}]}),
    "x-jenkins": ({"label": "gpu && it's"},),
    "x-airflow": ({"pool": "gpu", "queue": "q"},),
}
AT_THE_TOP: Mapping[str, tuple[Any, ...]] = {
    "tracking": ({"uri": "http://mlflow:5000"}, {"uri": "http://mlflow", "experiment": "it's $x"}),
    "triggers": ({"schedule": {"cron": "0 3 * * 1", "timezone": "Europe/Berlin"}},),
    "defaults": ({"retry": {"limit": 1}, "timeout": "30m"}, {"resources": {"cpu": 1}}),
}
JENKINS = ({}, {"label": "linux"}, {"docker": True}, {"kubernetes": {"image": "any:1", "service_account": "sa"}})
KEY = {
    "env": "KEY",
    "kubernetes": {"secret": "s", "key": "k"},
    "airflow": {"variable": "v"},
    "jenkins": {"credentials": "it's"},
}


@dataclass(frozen=True)
class Edit:
    """A spec before and after. `name` is the step, parameter or environment that was edited."""

    before: Spec
    after: Spec
    name: str = ""
    other: str = ""
    """The new name of a step, or the step that it needs now."""


def sections(spec: Spec) -> Iterator[dict[str, Any]]:
    """`steps`, and `finally` where there is one."""
    yield spec["steps"]
    if "finally" in spec:
        yield spec["finally"]


def steps_of(spec: Spec) -> dict[str, Any]:
    """All steps by name."""
    return {name: step for section in sections(spec) for name, step in section.items()}


def is_process(step: Mapping[str, Any]) -> bool:
    """Whether it is no gate and no approval."""
    return not {"run", "call", "uses"}.isdisjoint(step)


@st.composite
def specs(draw: Draw) -> Spec:
    """Whole specs; no two of their steps have names that differ in underscores alone.

    None is paired with another: an edit of one then changes both, which the specs of the corpus are looked at for.
    """
    spec = spec_of(draw(lives()))
    assume(not any("each" in step for step in steps_of(spec).values()))

    def chance(percent: int) -> bool:
        return bool(draw(st.integers(0, 99)) < percent)

    spec.setdefault("params", {}).update({name: form for name, form in PARAMS.items() if chance(30)})
    spec.setdefault("environments", {}).update(copy.deepcopy(dict(ENVIRONMENTS)))
    spec.setdefault("secrets", {})["key"] = KEY
    spec.update({name: draw(st.sampled_from(forms)) for name, forms in AT_THE_TOP.items() if chance(25)})
    for step in steps_of(spec).values():
        if chance(15):
            step["description"] = escaped(draw(texts))
        for key, values in OF_A_PROCESS.items() if is_process(step) else ():
            if chance(20) and key not in step:
                step[key] = draw(st.sampled_from(values))
        if is_process(step) and chance(20):
            step["secrets"] = [*step.get("secrets", []), "key"]
    _more_steps(draw, spec, chance)
    cache = {"cache": True} if chance(25) else {}
    runner = draw(st.sampled_from(["bash", "docker", "kubernetes"]))
    spec["targets"] = {
        "airflow": {"runner": runner, "version": 3, **({"image": "any:1"} if runner != "bash" else {}), **cache},
        "jenkins": {"agent": draw(st.sampled_from(JENKINS)), **cache},
        "kubeflow": {**({"image": "any:1"} if chance(50) else {}), **cache},
    }
    names = [name.replace("_", "") for name in steps_of(spec)]
    assume(len(set(names)) == len(names) and "steps" not in names)
    return spec


def _more_steps(draw: Draw, spec: Spec, chance: Callable[[int], bool]) -> None:
    steps = spec["steps"]
    if chance(25):
        needs = draw(st.lists(st.sampled_from(list(steps)), max_size=2, unique=True))
        asked = {"message": "it's {{ x }}?", "approvers": ["a", "b c"], "timeout": "3d"}
        _put(draw, steps, "sign_off", {"needs": needs, "approval": asked})
    tables = [
        f"{name}.{output}"
        for name, step in steps.items()
        for output, kind in step.get("outputs", {}).items()
        if kind == "dataset" and {"matrix", "foreach"}.isdisjoint(step)
    ]
    if tables and chance(50):
        data = draw(st.sampled_from(tables))
        _put(draw, steps, "checked", {"uses": "data/validate", "inputs": {"data": data}, "with": {"contract": "x.yaml"}})
    if chance(20):
        steps.update({f"more_{n}": {"run": "true", "needs": [f"more_{n // 2}"] if n > 1 else []} for n in range(1, 14)})


def _put(draw: Draw, steps: dict[str, Any], name: str, step: dict[str, Any]) -> None:
    """Anywhere in the file."""
    rows = list(steps.items())
    rows.insert(draw(st.integers(0, len(rows))), (name, step))
    steps.clear()
    steps.update(rows)


def upstream_of(spec: Spec) -> dict[str, set[str]]:
    """By step, those whose name stands in it as a whole word of an address or of `needs`: all that it hangs on, or more."""
    names = steps_of(spec)
    found = {}
    for name, step in names.items():
        needs = {*step.get("needs", []), *([step["each"]] if "each" in step else [])}
        text = json.dumps({key: value for key, value in step.items() if key != "needs"})
        found[name] = needs | {other for other in names if other != name and any(f"{other}{mark}" in text for mark in ".[")}
    return found


def leaves(spec: Spec) -> list[str]:
    """Steps that no other one names."""
    above = set().union(*upstream_of(spec).values())
    return [name for name in steps_of(spec) if name not in above]


def _section(spec: Spec, name: str) -> dict[str, Any]:
    return next(section for section in sections(spec) if name in section)


def _chosen(draw: Draw, values: list[Any]) -> Any:
    assume(values)
    return draw(st.sampled_from(values))


@st.composite
def defaults(draw: Draw) -> Edit:
    """Another default of the same type."""
    spec = draw(specs())
    name = _chosen(draw, [name for name, form in spec["params"].items() if isinstance(form, dict) and "type" in form])
    after = copy.deepcopy(spec)
    form = after["params"][name]
    limits = Limits(**{key: value for key, value in form.items() if key in Limits._fields})
    others = [value for value in form.get("enum", DEFAULTS[form["type"]]) if json.dumps(value) != json.dumps(form["default"])]
    form["default"] = _chosen(draw, [value for value in others if violation(limits, value) is None])
    return Edit(spec, after, name)


@st.composite
def renamings(draw: Draw) -> Edit:
    """A leaf has another name, in the same place."""
    spec = draw(specs())
    leaf = _chosen(draw, leaves(spec))
    taken = {name.replace("_", "") for name in steps_of(spec)}
    new = _chosen(draw, [name for name in NEW_NAMES if name.replace("_", "") not in taken])
    after = copy.deepcopy(spec)
    section = _section(after, leaf)
    rows = [(new if name == leaf else name, step) for name, step in section.items()]
    section.clear()
    section.update(rows)
    return Edit(spec, after, leaf, new)


@st.composite
def new_leaves(draw: Draw) -> Edit:
    """A leaf more, anywhere; the other way round, one less."""
    after = draw(specs())
    leaf = _chosen(draw, leaves(after))
    before = copy.deepcopy(after)
    del _section(before, leaf)[leaf]
    assume(before["steps"])
    return Edit(before, after, leaf)


@st.composite
def settings_of_a_step(draw: Draw) -> Edit:
    """Something of one line is said differently: a value, how often and how long it is tried, what it is there for."""
    spec = draw(specs())
    key = draw(st.sampled_from(["with", "retry", "timeout", "description"]))
    steps = {name: step for name, step in steps_of(spec).items() if is_process(step) and "uses" not in step}
    plain = [name for name, step in steps.items() if any(_is_line(value) for value in step.get("with", {}).values())]
    name = _chosen(draw, plain if key == "with" else list(steps))
    after = copy.deepcopy(spec)
    step = steps_of(after)[name]
    if key == "with":
        value = _chosen(draw, [one for one, value in step["with"].items() if _is_line(value)])
        step["with"][value] = draw(st.sampled_from([*TEXTS, 7, ["x", {"y": None}]]))
    else:
        step[key] = {"retry": {"limit": 5, "delay": "3s"}, "timeout": "17m", "description": draw(st.sampled_from(TEXTS))}[key]
    return Edit(spec, after, name)


def _is_line(value: Any) -> bool:
    """Whether it stays a line of each file, and wires nothing."""
    return "${{" not in json.dumps(value) and not (isinstance(value, str) and "\n" in value)


@st.composite
def orders(draw: Draw) -> Edit:
    """The steps stand elsewhere in the file; the graph is the same."""
    spec = draw(specs())
    after = copy.deepcopy(spec)
    for section in sections(after):
        rows = draw(st.permutations(list(section.items())))
        section.clear()
        section.update(rows)
    return Edit(spec, after)


@st.composite
def images(draw: Draw) -> Edit:
    """An environment has another image."""
    spec = draw(specs())
    name = draw(st.sampled_from(["ml", "no"]))
    after = copy.deepcopy(spec)
    after["environments"][name]["image"] = "other/image:2"
    return Edit(spec, after, name)


@st.composite
def needs(draw: Draw) -> Edit:
    """A step waits for one more."""
    spec = draw(specs())
    above = upstream_of(spec)
    reach = {name: _all_above(above, name) for name in above}
    pairs = [
        (name, other)
        for section in sections(spec)
        for name in section
        for other in section
        if name != other and other not in above[name] and name not in reach[other]
    ]
    name, other = _chosen(draw, pairs)
    after = copy.deepcopy(spec)
    step = steps_of(after)[name]
    step["needs"] = [*step.get("needs", []), other]
    return Edit(spec, after, name, other)


def _all_above(above: Mapping[str, set[str]], name: str) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        more = above[todo.pop()] - found
        found |= more
        todo += more
    return found
