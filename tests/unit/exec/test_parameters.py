"""Each step process holds the run's parameters to their limits, whether or not it reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.exec.conftest import Project

LIMITS = {
    "depth": {"type": "integer", "minimum": 1},
    "rate": {"type": "number", "maximum": 1},
    "mode": {"type": "string", "enum": ["fast", "exact"]},
    "tag": {"type": "string", "pattern": "[a-z]+"},
    "go": {"type": "boolean"},
}
GOOD = {"DEPTH": "2", "RATE": "0.5", "MODE": "fast", "TAG": "abc", "GO": "true"}
TOUCH = ("--shell", "touch ran")


def variables(**changed: str) -> dict[str, str]:
    return {f"MLSPEC_PARAM_{name}": text for name, text in (GOOD | changed).items()}


def words(**more: Any) -> tuple[str, ...]:
    return ("--step", "a", "--params", json.dumps(LIMITS | more))


def test_a_run_within_its_limits(project: Project) -> None:
    project.done(*words(), *TOUCH, **variables())
    assert (project.root / "ran").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"DEPTH": "0"}, "parameter depth: 0 is below its minimum 1"),
        ({"DEPTH": "7.5"}, "parameter depth: '7.5' is not an integer; write a whole number, such as 7"),
        ({"RATE": "1e400"}, "parameter rate: 1e400 is kept by no double"),
        ({"MODE": "$(PATH)"}, 'parameter mode: "$(PATH)" is none of "fast", "exact"'),
        ({"TAG": "abc\n"}, r'parameter tag: "abc\n" does not match its pattern `[a-z]+`'),
        ({"GO": ""}, "parameter go: '' is not a boolean; write true or false"),
        ({"DEPTH": "-1", "MODE": ""}, 'is below its minimum 1; parameter mode: "" is none of'),
    ],
)
@pytest.mark.parametrize(
    "kind",
    [TOUCH, ("--final", *TOUCH), ("--gate", "true"), ("--when", "false", *TOUCH), ("--approval", "asked"), ("--items", "[1]")],
    ids=" ".join,
)
def test_a_run_that_breaks_them_fails_before_the_body(
    project: Project, changed: dict[str, str], message: str, kind: tuple[str, ...]
) -> None:
    assert message in project.fails(*words(), *kind, **variables(**changed))
    assert not (project.root / "ran").exists()
    assert project.record("a")["attempts"] == 0


def test_what_it_reads_is_held_to_them_as_it_is_given(project: Project) -> None:
    held = (*words(), "--given", "depth=0", "--param", "rate:number=2", *TOUCH)
    last = project.fails(*held, **variables())
    assert "depth: 0 is below its minimum 1; parameter rate: 2 is above its maximum 1" in last


@pytest.mark.parametrize("lists", [("--secret", "TOKEN"), ("--hide", "TOKEN")], ids=["its own", "another's"])
@pytest.mark.parametrize("given", [("--param", "tag:string"), ("--given", "tag=a s3cr3t-token")], ids=["read", "held"])
def test_a_parameter_that_holds_a_secret(project: Project, lists: tuple[str, str], given: tuple[str, str]) -> None:
    last = project.fails("--step", "a", *lists, *given, *TOUCH, TOKEN="s3cr3t-token", MLSPEC_PARAM_TAG="a s3cr3t-token")
    assert "tag holds the value of the secret in TOKEN, and parameters are kept and shown" in last
    assert "s3cr3t" not in last
    assert not (project.root / "ran").exists()


def test_what_a_process_is_not_told_is_held_to_nothing(project: Project) -> None:
    project.done(*words(other={"type": "integer"}), *TOUCH)


@pytest.mark.parametrize("text", ["", "[]", '{"a": {"type": "x"}}', "[" * 100_000])
def test_limits_that_are_none(project: Project, text: str) -> None:
    end = project.exec("--step", "a", "--params", text, *TOUCH)
    assert (end.returncode, end.stderr.startswith("mlspec exec: --params")) == (2, True), end.stderr
