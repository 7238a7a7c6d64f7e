"""Interrupted runs: nothing outlives them, what is done stays done, and the rest can be done later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.engine import local_outcome
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import plan, step
from tests.waiting import LIMIT, is_alive, until

SLOW = plan(
    step("quick", "echo q > ${{ outputs.o }}", outputs={"o": "artifact"}),
    # Has a child of its own, and would take for ever; once mended it is done at once.
    step(
        "slow",
        "[ ! -e mended ] || { echo s > ${{ outputs.o }}; exit 0; }; sleep 300 & echo $! > child; echo $$ > pid; echo up; wait",
        "quick",
        outputs={"o": "artifact"},
    ),
    step("after", "true", "slow"),
    finals=(step("clean"),),
)

RUNNER = """
import sys
from pathlib import Path
from mlspec.engine import run
from tests.unit.engine.test_interrupt import SLOW
try:
    run(SLOW, Path(sys.argv[1]), run_id="R")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_interrupt_ends_every_process_and_keeps_the_records(project: Project, number: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUNNER, str(project.folder)], cwd=Path(__file__).parents[3])
    pid_file = project.folder / "pid"
    until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    os.kill(process.pid, number)
    os.kill(process.pid, number)  # impatience changes nothing
    assert process.wait(LIMIT) == 130
    for name in ("pid", "child"):
        pid = int((project.folder / name).read_text())
        until(lambda pid=pid: not is_alive(pid))  # type: ignore[misc]
    found = local_outcome(project.runs(SLOW), "R")
    assert found.status == "interrupted"
    assert {name: item.status for name, item in found.steps.items()} == {
        "quick": "succeeded",
        "slow": "failed",
        "after": "pending",
        "clean": "pending",
    }
    log = project.folder / ".mlspec/store/life/R/slow/_log.txt"
    assert log.read_text().startswith("up\n")
    assert list((project.folder / ".mlspec/store/life/R").rglob(".*")) == []
    project.write("mended")
    ran = project.run(SLOW, resume="R")
    assert ran.started == ["slow", "after", "clean"]
    assert ran.outcome.status == "succeeded"
