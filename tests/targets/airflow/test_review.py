"""What a reviewer sees of a small change to a real spec: little, and only where it was made."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from mlspec.targets.base import HEADER_LINES
from tests.targets.airflow.specs import planned

ROOT = Path(__file__).resolve().parents[3]
SPECS = [ROOT / "examples/employment", *sorted((ROOT / "tests/conformance/specs").iterdir())]
REAL = [
    folder / "mlspec.yaml"
    for folder in SPECS
    if (folder / "mlspec.yaml").is_file() and "# refused: airflow" not in (folder / "mlspec.yaml").read_text(encoding="utf-8")
]
IDS = [path.parent.name for path in REAL]
Spec = dict[str, Any]


def text(spec: Spec) -> str:
    [file] = TARGET.emit(planned(yaml.safe_dump(spec, sort_keys=False)))
    return file.content


def difference(old: Spec, new: Spec) -> list[str]:
    """Lines that changed, came or went, headers aside: as a review shows them, without its context."""
    before, after = (text(spec).splitlines()[HEADER_LINES:] for spec in (old, new))
    matched = difflib.SequenceMatcher(None, before, after, autojunk=False)  # lines that occur often count, as they do in git
    changes = [change for change in matched.get_opcodes() if change[0] != "equal"]
    return [
        line
        for _, first, last, new, end in changes
        for line in (*(f"-{gone}" for gone in before[first:last]), *(f"+{come}" for come in after[new:end]))
    ]


def added(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("+")]


def read(path: Path) -> Spec:
    spec: Spec = yaml.load(path.read_text(encoding="utf-8"), _Core)
    spec.pop("monitor", None)
    return spec


class _Core(yaml.SafeLoader):
    """YAML 1.2, as mlspec reads it, as far as these specs go: `on` is a text."""


_Core.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def changed(spec: Spec, change: Callable[[Spec], None]) -> Spec:
    new = copy.deepcopy(spec)
    change(new)
    return new


def leaves(path: Path) -> list[str]:
    """The steps that nothing reads or needs."""
    plan: Plan = api.plan(api.load(path))
    above = {plan.by_id[name].name for step in plan.all_steps() for name in step.upstream}
    return list(dict.fromkeys(step.name for step in plan.steps if step.name not in above))


KINDS = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: kinds}
params: {go: true}
environments: {ml: {image: "ghcr.io/acme/ml:1", pythonpath: [src]}}
secrets: {token: {env: TOKEN, airflow: {variable: token}}}
defaults: {environment: ml}
store: s3://acme/store
tracking: {uri: "http://mlflow", experiment: kinds}
steps:
  first: {call: "mine:first", outputs: {list: values, metrics: metrics}}
  second: {run: "true"}
  plain: {run: "true", description: A leaf., secrets: [token], resources: {cpu: 1, memory: 1Gi}}
  conditional: {run: "true", when: params.go, retry: {limit: 1}, timeout: 1m}
  stopping: {gate: [first.metrics.auc > 0.5]}
  skipping: {gate: [first.metrics.auc > 0.5], otherwise: skip}
  each: {foreach: first.list.regions, run: "echo ${{ item }}"}
  each_bounded: {foreach: first.list.regions, parallel: 2, run: "echo ${{ item }}"}
  each_wanted: {foreach: first.list.regions, when: item != "", run: "echo ${{ item }}"}
  rows: {matrix: {a: [1, 2], b: [x, y]}, run: "echo ${{ matrix.a }}"}
  rows_bounded: {matrix: {a: [1, 2]}, parallel: 1, run: "echo ${{ matrix.a }}"}
  rows_wanted: {matrix: {a: [1, 2]}, when: matrix.a > 1, run: "echo ${{ matrix.a }}"}
  asked: {approval: {message: "Go on?", approvers: [boss], timeout: 1d}}
"""
"""A leaf of every kind, each below the two steps at the top."""

FINALS = """
plain: {run: "true"}
plain_below: {run: "true", needs: [first, second]}
rows: {matrix: {a: [1, 2], b: [x, y], c: [1, 2, 3]}, run: "echo ${{ matrix.a }}", secrets: [token], resources: {cpu: 1}}
rows_below: {matrix: {a: [1, 2], b: [x, y]}, needs: [first, second], run: "echo ${{ matrix.a }}", description: In the end.}
rows_wanted: {matrix: {a: [1, 2]}, when: matrix.a > 1, run: "true"}
rows_wanted_below: {matrix: {a: [1, 2]}, when: matrix.a > 1, needs: [first, second], run: "true"}
items: {foreach: [a, b, 1], run: "echo ${{ item }}", secrets: [token], resources: {cpu: 1}}
items_below: {foreach: [a, b], parallel: 1, needs: [first, second], run: "echo ${{ item }}", description: In the end.}
items_wanted: {foreach: [a, b], when: item == "a", run: "true"}
nothing: {foreach: [], run: "true"}
"""
"""A leaf of every kind in `finally`."""


def another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value * 0.99 if isinstance(value, float) else value + 1
        case str():
            return value + "x"
        case list():
            return [*value, *value[:1]]
    return None


@pytest.mark.parametrize("path", REAL, ids=IDS)
def test_another_default_changes_few_lines(path: Path) -> None:
    """Its own, and that of the spec's digest."""
    spec = read(path)
    for name, value in spec.get("params", {}).items():
        long = isinstance(value, dict)
        default = another(value["default"] if long else value)
        if default is None or (long and "enum" in value):
            continue

        def change(new: Spec, name: str = name, default: Any = default, long: bool = long) -> None:
            if long:
                new["params"][name]["default"] = default
            else:
                new["params"][name] = default

        assert 1 <= len(added(difference(spec, changed(spec, change)))) <= TARGET.review_limits["default"], name


@pytest.mark.parametrize("path", REAL, ids=IDS)
def test_another_name_of_a_leaf_changes_few_lines(path: Path) -> None:
    spec = read(path)
    for leaf in leaves(path):

        def change(new: Spec, leaf: str = leaf) -> None:
            new["steps"] = {f"{name}_anew" if name == leaf else name: step for name, step in new["steps"].items()}

        lines = added(difference(spec, changed(spec, change)))
        assert 1 <= len(lines) <= TARGET.review_limits["renaming"], leaf


@pytest.mark.parametrize("runner", ["bash", "docker", "kubernetes"])
@pytest.mark.parametrize("kind", list(yaml.safe_load(KINDS)["steps"])[2:])
def test_another_name_of_a_leaf_of_any_kind_changes_few_lines(kind: str, runner: str) -> None:
    spec: Spec = yaml.safe_load(KINDS)
    leaf = spec["steps"][kind] | {"needs": ["first", "second"]}
    spec["steps"] = {name: spec["steps"][name] for name in ("first", "second")}
    spec["targets"] = {"airflow": {"version": 3, "runner": runner}}
    old, new = (changed(spec, lambda new, name=name: new["steps"].update({name: leaf})) for name in (kind, f"{kind}_anew"))
    lines = added(difference(old, new))
    assert 1 <= len(lines) <= TARGET.review_limits["renaming"], lines


@pytest.mark.parametrize("runner", ["bash", "docker", "kubernetes"])
@pytest.mark.parametrize("kind", yaml.safe_load(FINALS))
def test_another_name_of_a_leaf_in_finally_changes_few_lines(kind: str, runner: str) -> None:
    spec: Spec = yaml.safe_load(KINDS)
    spec["steps"] = {"work": {"run": "true"}}
    spec["finally"] = {"first": {"run": "true"}, "second": {"matrix": {"a": [1, 2]}, "run": "true"}}
    spec["targets"] = {"airflow": {"version": 3, "runner": runner}}
    leaf = yaml.safe_load(FINALS)[kind]
    old, new = (changed(spec, lambda new, name=name: new["finally"].update({name: leaf})) for name in (kind, f"{kind}_anew"))
    lines = added(difference(old, new))
    assert 1 <= len(lines) <= TARGET.review_limits["renaming"], lines


def test_another_element_of_a_list_in_finally_changes_one_line() -> None:
    spec: Spec = yaml.safe_load(KINDS)
    spec["steps"] = {"work": {"run": "true"}}
    spec["finally"] = {"items": {"foreach": list(range(500)), "parallel": 8, "run": "true"}}
    lines = difference(spec, changed(spec, lambda new: new["finally"]["items"]["foreach"].insert(250, "more")))
    assert (len(added(lines)), len(lines)) == (1, 1)


@pytest.mark.parametrize("path", REAL, ids=IDS)
def test_another_step_touches_no_other(path: Path) -> None:
    spec = read(path)
    first = next(iter(spec["steps"]))
    new = changed(spec, lambda new: new["steps"].update({"one_more": {"run": "true", "needs": [first]}}))
    assert [line for line in difference(spec, new) if line.startswith("-")] == []
