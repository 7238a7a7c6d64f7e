"""Signs of life of step processes: how those on other machines see that one has vanished."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlspec.store.records import Records
from mlspec.store.runs import Runs
from mlspec.store.timestamps import timestamp
from tests.waiting import LIMIT, until

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

OFTEN = "import sys, mlspec.exec.heartbeat as h; h.SIGN_SECONDS = 0.02; from mlspec.exec.main import main; sys.exit(main(sys.argv[1:]))"
WAITS = "touch began; while [ ! -e go ]; do sleep 0.05; done"
HOUR = 3600.0


def records(project: Project) -> Records:
    return Runs("lifecycle", "store", project.root).records("r")


def run_folder(project: Project) -> Path:
    return project.root / "store/lifecycle/r"


def began(project: Project, *words: str, **variables: str) -> subprocess.Popen[str]:
    """A step that gives signs often, and whose body runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", OFTEN, "--run-id", "r", "--store", "store", "--step", "s", *words, "--shell", WAITS],
        cwd=project.root,
        env=project.environment | variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    project.started.append(process)
    until(lambda: (project.root / "began").exists() or process.poll() is not None)
    return process


def elsewhere(project: Project, *, age: float, **changes: Any) -> None:
    """Let the mark be one of another machine, whose last sign was `age` seconds ago."""
    mark, sign = run_folder(project) / "_started/s", run_folder(project) / "_alive/s"
    noted = json.loads(mark.read_text())
    mark.write_text(json.dumps({**noted, "owner": {**noted["owner"], "boot": "another"}, "started": timestamp(0), **changes}))
    if sign.exists():
        sign.write_text(json.dumps({**json.loads(sign.read_text()), "at": time.time() - age}))


def test_a_step_says_that_it_runs_and_leaves_no_sign_at_its_end(project: Project) -> None:
    process = began(project)
    sign = run_folder(project) / "_alive/s"
    until(sign.exists)
    mark, first = json.loads((run_folder(project) / "_started/s").read_text()), json.loads(sign.read_text())
    assert (first["attempt"], mark["signs"]) == (mark["attempt"], True)
    until(lambda: json.loads(sign.read_text())["at"] > first["at"])
    project.write("go", "")
    assert process.wait(LIMIT) == 0
    assert not sign.exists()


def test_a_step_of_mlspec_run_leaves_that_to_its_run(project: Project) -> None:
    process = began(project, MLSPEC_LEASE="x.s")
    assert json.loads((run_folder(project) / "_started/s").read_text())["signs"] is False
    time.sleep(0.2)
    assert not (run_folder(project) / "_alive").exists()
    process.kill()
    process.wait(LIMIT)


@pytest.mark.parametrize(("age", "changes", "vanished"), [(60.0, {}, False), (HOUR, {}, True), (HOUR, {"signs": False}, False)])
def test_a_silent_step_of_another_machine_has_vanished(
    project: Project, age: float, changes: Mapping[str, Any], vanished: bool
) -> None:
    process = began(project)
    until((run_folder(project) / "_alive/s").exists)
    process.kill()
    process.wait(LIMIT)
    elsewhere(project, age=age, **changes)
    assert records(project).failed() == (["s"] if vanished else [])
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true").returncode == (98 if vanished else 0)
    assert records(project).failed(over=True) == ["s"], "whatever it says, when all are over"


def test_a_sign_of_an_earlier_start_says_nothing_of_a_later_one(project: Project) -> None:
    process = began(project)
    until((run_folder(project) / "_alive/s").exists)
    process.kill()
    process.wait(LIMIT)
    elsewhere(project, age=HOUR, attempt="another", started=timestamp())
    assert records(project).failed() == [], "it has only begun"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_step_that_nobody_starts_again_has_failed_to_those_who_look_at_the_run(
    project: Project, number: signal.Signals
) -> None:
    process = began(project, MLSPEC_RESTART="0")
    until((run_folder(project) / "_alive/s").exists)
    process.send_signal(number)
    process.wait(LIMIT)
    assert records(project).vanished(abandoned=True) == [], "it may be started again"
    sign = run_folder(project) / "_alive/s"
    sign.write_text(json.dumps({**json.loads(sign.read_text()), "at": time.time() - HOUR}))
    assert records(project).vanished(abandoned=True) == ["s"]
    assert records(project).failed() == [], "those that run go on: it may wait for a machine"
    project.write("go", "")
    project.done("--step", "s", "--shell", WAITS, MLSPEC_RESTART="1")
    assert (project.record("s")["attempts"], records(project).vanished(abandoned=True)) == (2, [])
