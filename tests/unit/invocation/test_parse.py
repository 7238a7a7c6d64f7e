"""How `mlspec exec` reads its command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlspec.invocation.parse import parse

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project


def test_a_lifecycle_may_begin_with_a_digit(project: Project) -> None:
    project.done("--lifecycle", "9-lives", "--step", "s", "--shell", "true")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "--step is missing"),
        (("--step", "s"), "one body is needed"),
        (("--step", "s", "--shell", "true", "--call", "a:b"), "one body is needed"),
        (("--step", "../s", "--shell", "true"), "'../s' is no name"),
        (("--lifecycle", "../s", "--step", "s", "--shell", "true"), "'../s' is no name"),
        (("--step", "s", "--nonsense"), "there is no option '--nonsense'"),
        (("--step", "s", "--shell"), "--shell needs a value"),
        (("--step", "s", "--"), "no command after --"),
        (("--step", "s", "--call", "a.b", "--", "x"), "MODULE:FUNCTION"),
        (("--step", "s", "--output", "o=modle", "--shell", "true"), "the type is one of"),
        (("--step", "s", "--output", "o=model", "--output", "o=model", "--shell", "true"), "o is given twice"),
        (("--step", "s", "--output", "o=model:x", "--output", "p=model:x", "--shell", "true"), "same path"),
        (("--step", "s", "--input", "a", "--shell", "true"), "NAME=URI"),
        (("--step", "s", "--input", "a=b", "--input", "a[]=b", "--shell", "true"), "a is given twice"),
        (("--step", "s", "--param", "a:str=b", "--shell", "true"), "the type is one of"),
        (("--step", "s", "--retry", "-1", "--shell", "true"), "no whole number"),
        (("--step", "s", "--retry", "1,pause=2", "--shell", "true"), "LIMIT[,delay=S]"),
        (("--step", "s", "--timeout", "0", "--shell", "true"), "more than 0"),
        (("--step", "s", "--timeout", "1s30m", "--shell", "true"), "no number of seconds"),
        (("--step", "s", "--retry", "1,factor=2s", "--shell", "true"), "no number"),
        (("--step", "s", "--value", "params=b", "--shell", "true"), "STEP.OUTPUT=URI"),
        (("--step", "s", "--value", "a[]=b", "--shell", "true"), "STEP.OUTPUT=URI"),
        (("--step", "s", "--instance", "x", "--shell", "true"), "no whole number"),
        (("--step", "s", "--run-status", "ok", "--shell", "true"), "succeeded or failed"),
        (("--step", "s", "--project", "nowhere", "--shell", "true"), "nowhere: No such file"),
        (("--step", "s", "--item", "[" * 100_000, "--shell", "true"), "nested too deeply"),
    ],
)
def test_a_wrong_call_ends_with_2_and_leaves_nothing(project: Project, words: tuple[str, ...], reason: str) -> None:
    end = project.exec(*words)
    assert end.returncode == 2
    assert reason in end.stderr
    assert len(end.stderr.splitlines()) == 1
    assert not (project.root / "store").exists()


def test_times_are_seconds_or_durations() -> None:
    words = ["--run-id", "r", "--step", "s", "--store", "st", "--timeout", "1h30m", "--retry", "2,delay=1m30s,max_delay=90"]
    policy = parse([*words, "--", "true"]).policy
    assert (policy.timeout, policy.retry.delay, policy.retry.max_delay) == (5400, 90, 90)


def test_a_file_of_no_step_has_a_name_alone(project: Project) -> None:
    (project.root / "numbers.json").write_text('{"auc": 0.7}')
    words = ("--step", "s", "--value", "metrics=numbers.json", "--shell", "true", "--when")
    assert project.exec(*words, "metrics.auc > 0.5").returncode == 0
    assert project.exec(*words, "metrics.auc > 0.9").returncode == 99
    end = project.exec(*words, "metrics.f1 > 0.9")
    assert end.returncode == 1 and end.stderr.endswith("; metrics has auc\n")


def test_help_names_every_option_of_the_reference(project: Project) -> None:
    command = [sys.executable, "-m", "mlspec", "exec", "--help"]
    text = subprocess.check_output(command, env=project.environment, text=True)
    reference = (Path(__file__).parents[3] / "docs" / "step-process.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z-]+", text)) == set(re.findall(r"`(--[a-z-]+)", reference))


def test_values_that_look_like_options_are_values(project: Project) -> None:
    words = ("--step", "s", "--with=x=-v", "--item", "-1", "--shell=echo ${{ with.x }} ${{ item }}")
    assert project.done(*words) == "-v -1\n"
