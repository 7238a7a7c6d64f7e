"""Combinations of a matrix: what is left out, what is added, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest

from mlspec import api

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"


def ids(matrix: str, **options: Any) -> list[str]:
    text = f"{HEAD}steps:\n  t: {{matrix: {{{matrix}}}, run: 'true'}}\n"
    checked = api.check("mlspec.yaml", text=text, **options)
    assert checked.plan is not None, checked.findings
    return [step.id.removeprefix("t[").removesuffix("]") for step in checked.plan.steps]


def codes(matrix: str) -> list[str]:
    text = f"{HEAD}steps:\n  t: {{matrix: {{{matrix}}}, run: 'true'}}\n"
    return [finding.code for finding in api.check("mlspec.yaml", text=text).findings]


@pytest.mark.parametrize(
    ("matrix", "wanted"),
    [
        ("a: [1, 2], b: [x, y]", ["a=1,b=x", "a=1,b=y", "a=2,b=x", "a=2,b=y"]),
        ("a: [1, 2], b: [x, y], exclude: [{b: y, a: 1}]", ["a=1,b=x", "a=2,b=x", "a=2,b=y"]),
        ("a: [1, 2], b: [x, y], exclude: [{b: y}]", ["a=1,b=x", "a=2,b=x"]),
        ("a: [1, 2], include: [{a: 3}]", ["a=1", "a=2", "a=3"]),
        ("a: [1], b: [x], exclude: [{a: 1}], include: [{b: x, a: 1}, {b: z, a: 0}]", ["a=1,b=x", "a=0,b=z"]),
        ("include: [{b: 1, a: 2}, {a: 3, b: 4}]", ["b=1,a=2", "b=4,a=3"]),
        ("a: [{x: 1}, {x: 2}, p]", ["a=0", "a=1", "a=p"]),
        ("n: [1, 2], a: [{x: 1}, {x: 2}], exclude: [{a: {x: 1}, n: 1}]", ["n=1,a=1", "n=2,a=0", "n=2,a=1"]),
        ("a: [{x: 1}], include: [{a: {x: 9}}, {a: {}}]", ["a=0", "a=1", "a=2"]),
        ("include: [{a: {x: 9}, n: 1}, {a: {x: 9}, n: 2}, {a: {x: 1}, n: 2}]", ["a=0,n=1", "a=0,n=2", "a=1,n=2"]),
        ("a: [true, 1], exclude: [{a: 1}]", ["a=true"]),
        ("a: [2, 4], exclude: [{a: 2.0}]", ["a=4"]),
    ],
)
def test_combinations(matrix: str, wanted: list[str]) -> None:
    assert ids(matrix) == wanted


@pytest.mark.parametrize(
    "matrix",
    [
        "a: [1, 2], exclude: [{a: 3}]",
        "a: [1, 2], b: [x], exclude: [{a: 1, b: y}]",
        "a: [1], exclude: [{a: '1'}]",
        "a: [1], exclude: [{}]",
        "a: [1, 2], exclude: [{b: 1}]",
        "a: [1, 2], exclude: [{a: 1}, {a: 2}]",
        "a: [1, 2], include: [{a: 1}]",
        "a: [1, 2], include: [{a: 1.0}]",
        "a: [1, 2], include: [{a: 3}, {a: 3}]",
        "a: [1], b: [2], include: [{a: 2}]",
        "a: [1], include: [{a: 2, b: 1}]",
        "include: [{a: 1}, {b: 1}]",
        "include: [{a: 1}], exclude: [{a: 1}]",
        "a: [1, 1]",
        "a: [1, '1']",
        "a: [{x: 1}, {x: 1}]",
        "a: [{x: 1}, '0']",
    ],
)
def test_entries_that_do_nothing_are_errors(matrix: str) -> None:
    assert codes(matrix) == ["MLS324"]


@pytest.mark.parametrize("matrix", ["", "a: []", "exclude: [{a: 1}]", "a: [1], b: []", "include: []"])
def test_a_matrix_has_values(matrix: str) -> None:
    assert codes(matrix) == ["MLS219"]


@pytest.mark.parametrize(
    ("matrix", "code"),
    [
        (f"a: {list(range(200))}, b: {list(range(200))}", "MLS412"),
        (f"a: {list(range(50))}, b: {list(range(50))}, exclude: [{{a: 0}}]", "MLS412"),
        (f"include: [{', '.join(f'{{a: {n}}}' for n in range(1001))}]", "MLS412"),
    ],
)
def test_there_is_a_bound(matrix: str, code: str) -> None:
    assert codes(matrix) == [code]


def test_what_is_excluded_does_not_count() -> None:
    excluded = ", ".join(f"{{a: {n}}}" for n in range(20, 50))
    assert len(ids(f"a: {list(range(50))}, b: {list(range(50))}, exclude: [{excluded}]")) == 1000


def test_a_profile_changes_entries() -> None:
    assert ids("a: [1, 2]", sets=["steps.t.matrix.exclude=[{a: 1}]"]) == ["a=2"]


def test_a_table_of_steps_names_what_is_read() -> None:
    steps = (
        "steps:\n  a: {run: 'true', outputs: {m: model}}\n  b: {run: 'true', outputs: {m: model}}\n"
        "  c: {inputs: {m: {any: [a.m, b.m]}}, run: 'cat ${{ inputs.m }}'}\n"
    )
    checked = api.check("mlspec.yaml", text=HEAD + steps)
    assert checked.spec is not None
    assert "a.m or b.m" in repr(checked.spec.steps)
