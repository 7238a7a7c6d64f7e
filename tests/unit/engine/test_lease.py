"""One process at a time makes a run: who lives is left alone, and what a dead one left is ended before another goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlspec.engine import RunError, local_outcome, takeover
from mlspec.errors import StoreError
from mlspec.store import layout, leases
from mlspec.store.filesystem import open_store
from mlspec.store.leases import Lease, LeaseError, holder
from mlspec.store.owners import this_process
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import plan, step
from tests.waiting import LIMIT, is_alive, until, until_there

HELD = plan(
    step("quick", "echo q > ${{ outputs.o }}", outputs={"o": "artifact"}),
    step(
        "held",
        f"echo $$ $PPID > pids.new; mv pids.new pids; {until_there('go')}; echo h > ${{{{ outputs.o }}}}; echo x >> times",
        "quick",
        outputs={"o": "artifact"},
    ),
    finals=(step("clean"),),
)

RUNNER = """
import sys
from pathlib import Path
from mlspec.engine import run
from tests.unit.engine.test_lease import HELD
print(run(HELD, Path(sys.argv[1]), run_id="R").status)
"""


class Runner:
    """A run in a process of its own, while its step `held` runs."""

    def __init__(self, project: Project) -> None:
        command = [sys.executable, "-c", RUNNER, str(project.folder)]
        self.process = subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True)
        until(lambda: (project.folder / "pids").exists() or self.process.poll() is not None)
        self.body, self.step = map(int, (project.folder / "pids").read_text().split())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT)


@pytest.fixture
def runner(project: Project) -> Iterator[Runner]:
    started = Runner(project)
    yield started
    started.process.kill()
    for pid in (started.step, started.body):
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_run_that_is_alive_is_not_resumed_and_goes_on(project: Project, runner: Runner) -> None:
    assert local_outcome(project.runs(HELD), "R").status == "running"
    with pytest.raises(LeaseError, match=rf"run R is in progress: process {runner.process.pid} on \S+ makes it; wait for it"):
        project.run(HELD, resume="R")
    project.write("go")
    assert runner.process.communicate(timeout=LIMIT)[0] == "succeeded\n"
    assert local_outcome(project.runs(HELD), "R").steps["held"].status == "succeeded"
    assert holder(project.runs(HELD).store, "life/R") is None, "its lease has ended with it"


def test_a_run_whose_runner_died_is_interrupted_and_its_steps_end_with_it(project: Project, runner: Runner) -> None:
    runner.kill()
    until(lambda: not is_alive(runner.step))
    found = local_outcome(project.runs(HELD), "latest")
    assert (found.status, found.as_json()["status"]) == ("interrupted", "interrupted")
    project.write("go")
    ran = project.run(HELD, resume="R")
    assert ran.started == ["held", "clean"]
    assert ran.outcome.status == "succeeded"
    assert (project.folder / "times").read_text() == "x\n", "what the dead runner had started did not go on"


def test_what_a_dead_owner_left_is_ended_also_in_a_session_of_its_own(project: Project, runner: Runner) -> None:
    held = holder(project.runs(HELD).store, "life/R")
    assert held is not None
    stray = subprocess.Popen(["sleep", "300"], env={takeover.OWNER_VARIABLE: held.id}, start_new_session=True)
    other = subprocess.Popen(["sleep", "300"], env={takeover.OWNER_VARIABLE: "0" * 16}, start_new_session=True)
    litter = project.folder / ".mlspec/store/life/R/.logs-old"
    (litter / "deep").mkdir(parents=True)
    project.write(".mlspec/store/life/R/held/._record.json.12", "{")
    runner.kill()
    reaper = threading.Thread(target=stray.wait)
    reaper.start()
    project.write("go")
    assert project.run(HELD, resume="R").outcome.status == "succeeded"
    assert stray.wait(LIMIT) == -signal.SIGTERM
    assert other.poll() is None, "what carries another mark is not ours"
    other.kill()
    other.wait()
    reaper.join()
    assert list((project.folder / ".mlspec/store/life/R").rglob(".*")) == []


def test_the_body_of_a_step_process_that_was_killed_does_not_go_on(project: Project, runner: Runner) -> None:
    os.kill(runner.step, signal.SIGKILL)
    assert runner.process.communicate(timeout=LIMIT)[0] == "failed\n"
    assert not is_alive(runner.body)
    project.write("go")
    assert project.run(HELD, resume="R").outcome.status == "succeeded"
    assert (project.folder / "times").read_text() == "x\n"


def test_what_cannot_be_ended_is_named(project: Project, runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.kill()
    monkeypatch.setattr(takeover, "carriers", lambda *_: {4711: "1", 12: "1"})
    monkeypatch.setattr(takeover.os, "kill", lambda *_: None)
    for name in ("GRACE_SECONDS", "KILL_SECONDS"):
        monkeypatch.setattr(takeover, name, 0.1)
    with pytest.raises(LeaseError, match="processes of a runner that died, and they cannot be ended: 12, 4711"):
        project.run(HELD, resume="R")


def test_two_resumes_at_once_are_one(project: Project, runner: Runner) -> None:
    runner.kill()
    first = project.runs(HELD)
    with (
        takeover.leased(first, "R"),
        pytest.raises(LeaseError, match="in progress"),
        takeover.leased(project.runs(HELD), "R"),
    ):
        pass
    with takeover.leased(first, "R"):
        pass


def test_two_new_runs_of_one_id_are_one(project: Project) -> None:
    runs = project.runs(HELD)
    with takeover.leased(runs, "N", new=True), pytest.raises(LeaseError), takeover.leased(runs, "N", new=True):
        pass
    assert not runs.holds("N"), "what never began leaves nothing"
    with pytest.raises(RunError, match="no run"):
        project.run(HELD, resume="N")


@pytest.mark.parametrize("uri", ["memory://leases", "local"])
def test_an_owner_on_another_machine_lives_by_its_heartbeat(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEARTBEAT_SECONDS", "SETTLE_SECONDS"):
        monkeypatch.setattr(leases, name, 0.1)
    store = open_store(uri if "://" in uri else str(tmp_path))
    away = this_process()._replace(hostname="far", boot="another", pid=7)

    def note(heartbeat: float) -> None:
        store.write(layout.lease("life/R"), json.dumps({"id": "i", "owner": away._asdict(), "heartbeat": heartbeat}).encode())

    note(time.time() - 1)
    with pytest.raises(LeaseError, match="process 7 on far"):
        Lease(store, "life/R", "R")
    found = holder(store, "life/R")
    assert found is not None
    assert found.lives
    note(time.time() - 3600)
    lease = Lease(store, "life/R", "R")
    lease.take()
    with pytest.raises(LeaseError):
        Lease(store, "life/R", "R")
    first = holder(store, "life/R")
    until(lambda: holder(store, "life/R") != first)
    lease.release()
    assert holder(store, "life/R") is None


def test_an_owner_whose_clock_lags_is_seen_to_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.5)
    store = open_store(str(tmp_path))
    away = this_process()._replace(boot="another")

    def note(heartbeat: float) -> None:
        noted = {"id": "i", "owner": away._asdict(), "heartbeat": heartbeat}
        store.write(layout.lease("life/R"), json.dumps(noted).encode())

    note(1000.0)
    beat = threading.Timer(0.2, note, [1001.0])
    beat.start()
    with pytest.raises(LeaseError):
        Lease(store, "life/R", "R")
    beat.join()


def test_a_runner_that_lost_its_lease_stops_and_leaves_the_manifest_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.1)
    runs, over = project.runs(HELD), threading.Event()

    def steal() -> None:
        until((project.folder / "pids").exists)
        while not over.wait(0.02):  # a beat of the runner that has just looked may fall upon the first one
            noted = {"id": "thief", "owner": this_process()._asdict(), "heartbeat": time.time()}
            runs.store.write(layout.lease("life/R"), json.dumps(noted).encode())

    thief = threading.Thread(target=steal)
    thief.start()
    with pytest.raises(StoreError, match="run R has been taken over by process"):
        project.run(HELD, run_id="R")
    over.set()
    thief.join()
    manifest = runs.manifest("R")
    assert manifest is not None
    assert manifest["status"] == "running"
    found = holder(runs.store, "life/R")
    assert found is not None
    assert found.id == "thief"


def test_a_damaged_lease_holds_nobody_up(project: Project, runner: Runner) -> None:
    runner.kill()
    until(lambda: not is_alive(runner.step))
    for text in ("", "{}", "[]", '{"id": 3, "owner": {"pid": "x"}, "heartbeat": []}'):
        project.write(".mlspec/store/life/R/_lease.json", text)
        assert local_outcome(project.runs(HELD), "R").status == "interrupted"
    project.write("go")
    assert project.run(HELD, resume="R").outcome.status == "succeeded"
