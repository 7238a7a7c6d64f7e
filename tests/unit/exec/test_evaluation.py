"""Conditions, gates and placeholders: what a step reads before it starts, and what follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project


def test_a_field_of_a_fan_in_is_a_list_whatever_the_field_holds(project: Project) -> None:
    for name in ("a", "b"):
        project.write(name, json.dumps({"deep": {"x": name}}))
    words = ("--value", "up.v[]=a", "--value", "up.v[]=b", "--with", "v=${{ up.v.deep }}|${{ up.v.deep.x }}")
    out = project.done("--step", "s", *words, "--shell", "printf %s ${{ with.v }}")
    assert out == '[{"x":"a"},{"x":"b"}]|["a","b"]'
    for when in ("size(up.v.deep) == 2", "up.v.deep.x[1] == 'b'", "up.v.deep.exists(one, one.x == 'a')"):
        assert project.exec("--step", "t", *words, "--when", when, "--shell", "true").returncode == 0
    assert "cannot be decided" in project.fails("--step", "u", *words, "--when", "size(up.v.y) == 2", "--shell", "true")


def test_a_condition_that_does_not_hold_skips_the_step(project: Project) -> None:
    words = ("--step", "s", "--output", "o=model", "--when", "params.n > 3", "--shell", "touch ran")
    end = project.exec("--param", "n:integer=3", *words)
    assert (end.returncode, end.stderr) == (
        99,
        "mlspec: step s skipped: its condition does not hold: params.n > 3 (params.n = 3)\n",
    )
    assert (project.record("s")["status"], project.record("s")["attempts"]) == ("skipped", 0)
    assert not (project.root / "ran").exists()
    end = project.exec("--param", "n:integer", *words, MLSPEC_PARAM_N="4")
    assert end.returncode == 1
    assert (project.root / "ran").exists()


def test_a_condition_is_decided_before_anything_else_is_looked_at(project: Project) -> None:
    words = ("--when", "false", "--secret", "NOT_SET", "--input", "a=missing", "--with", "x=${{ no.such }}")
    assert project.exec("--step", "s", *words, "--shell", "true").returncode == 99


GATE = ("--value", "train.metrics=m.json", "--param", "min:number=0.8")


def test_a_gate_that_holds_succeeds(project: Project) -> None:
    project.write("m.json", '{"auc": 0.8}')
    project.done("--step", "g", *GATE, "--gate", "train.metrics.auc >= params.min", "--gate", "true", "--cache")
    record = project.record("g")
    assert (record["status"], record["attempts"], record["exit_code"]) == ("succeeded", 1, None)


def test_a_gate_that_does_not_hold_stops_or_skips_and_says_why(project: Project) -> None:
    project.write("m.json", '{"auc": 0.7}')
    words = ("--step", "g", *GATE, "--gate", "true", "--gate", "train.metrics.auc >= params.min")
    why = "the gate does not hold: train.metrics.auc >= params.min (train.metrics.auc = 0.7, params.min = 0.8)"
    assert project.fails(*words) == f"mlspec: step g failed: {why}"
    end = project.exec(*words, "--otherwise", "skip")
    assert (end.returncode, end.stderr) == (99, f"mlspec: step g skipped: {why}\n")
    assert project.record("g")["status"] == "skipped"


@pytest.mark.parametrize(
    ("metrics", "line", "named"),
    [
        ('{"auc": 0.9}', "train.metrics.f1 > 0.5", "f1"),
        ('{"auc": NaN}', "train.metrics.auc > 0.5", "NaN"),
        ('{"auc": 0.9}', "test.metrics.auc > 0.5", "test"),
        ('{"auc": "x"}', "train.metrics.auc > 0.5", "string"),
        ("{", "train.metrics.auc > 0.5", "train.metrics: m.json is not JSON"),
        ('{"auc": 0.9}', "train.metrics.auc", "neither true nor false"),
        ('{"auc": 0.9}', "train.metrics.auc >", "ends too early"),
    ],
)
def test_a_condition_that_cannot_be_decided_fails_the_step_and_is_never_taken_for_false(
    project: Project, metrics: str, line: str, named: str
) -> None:
    project.write("m.json", metrics)
    assert named in project.fails("--step", "g", *GATE, "--gate", line, "--otherwise", "skip")
    assert named in project.fails("--step", "g", *GATE, "--when", line, "--shell", "true")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--with", "x=${{ train.metrics.f1 }}"), "with.x: train.metrics has no 'f1'"),
        (("--with", 'x={"a": ["${{ params.no }}"]}'), "with.x: params.no has no value here"),
        (("--with", "x=${{ run.no }}"), "with.x: run.no has no value here"),
        (("--with", "x=${{ oops"), "with.x: `${{` without `}}`"),
        (("--param", "n:integer"), "params.n has no value: MLSPEC_PARAM_N is not set"),
        (("--param", "n:integer=x"), "params.n: 'x' is not an integer"),
        (("--secret", "TOKEN", "--secret", "OTHER"), "the secret variable OTHER is not set"),
        (("--python", "no-such-python"), "there is no interpreter no-such-python on the PATH"),
        (("--with", 'x="a\\u0000b"'), "embedded null byte"),
    ],
)
def test_what_cannot_be_resolved_fails_the_step_before_it_starts(project: Project, words: tuple[str, ...], reason: str) -> None:
    project.write("m.json", '{"auc": 0.9}')
    value = ("--value", "train.metrics=m.json")
    assert reason in project.fails("--step", "s", *value, *words, "--shell", "touch ran", TOKEN="x")
    assert not (project.root / "ran").exists()


def test_placeholders_of_with_keep_types_and_resolve_only_once(project: Project) -> None:
    given = {
        "n": "${{ params.n }}",
        "s": "<${{ params.s }}>",
        "l": "[${{ params.l }}]",
        "d": "$${{ x }}",
        "deep": '{"${{ params.n }}": ["${{ params.l }}"]}',
        "null": "null",
        "text": '"4"',
    }
    project.done(
        *("--step", "s", "--param", "n:number=1", "--param", "s:string=${{ params.n }}", "--param", 'l:list=[1,"a"]'),
        *(word for name, text in given.items() for word in ("--with", f"{name}={text}")),
        *("--shell", "true"),
    )
    assert project.record("s")["with"] == {
        "n": 1,
        "s": "<${{ params.n }}>",
        "l": '[[1,"a"]]',
        "d": "${{ x }}",
        "deep": {"${{ params.n }}": [[1, "a"]]},
        "null": None,
        "text": "4",
    }
