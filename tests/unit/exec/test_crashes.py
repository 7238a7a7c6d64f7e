"""Step processes and bodies that are killed, and what they leave: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlspec.store.records import Records
from mlspec.store.runs import Runs
from tests.waiting import LIMIT, is_alive, until

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are ended by their group alone")

LEAVE = f"""{sys.executable} -c '
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ.clear()
        open("escaped.new", "w").write(str(os.getpid()))
        os.rename("escaped.new", "escaped")
        while True:
            for path in sys.argv[1:]:
                with open(path, "a") as file:
                    file.write("more")
            time.sleep(0.01)
    os._exit(0)
' """


def records(project: Project) -> Records:
    return Runs("lifecycle", "store", project.root).records("r")


def pid_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().strip() != "")
    return int(path.read_text())


def gone(pid: int) -> None:
    until(lambda: not is_alive(pid))


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(LIMIT)


@pytest.mark.parametrize("script", ["sleep 600; true", "sh -c 'echo $$ > grandchild; sleep 600; true'; true"])
def test_a_body_ends_with_the_step_process(project: Project, script: str) -> None:
    process = project.start("--step", "s", "--shell", f"sh -c 'echo $$ > child; sleep 600; true' & {script}")
    child = pid_in(project.root / "child")
    kill(process)
    gone(child)
    if "grandchild" in script:
        gone(pid_in(project.root / "grandchild"))


@linux
def test_what_left_the_group_and_its_variables_ends_with_a_killed_step_process(project: Project) -> None:
    process = project.start("--step", "s", "--shell", f"{LEAVE}; sleep 600")
    escaped = pid_in(project.root / "escaped")
    kill(process)
    gone(escaped)


@linux
def test_nothing_writes_into_a_published_output(project: Project) -> None:
    project.done(
        *("--step", "s", "--output", "o=artifact"),
        *("--shell", f"mkdir ${{{{ outputs.o }}}}; {LEAVE} ${{{{ outputs.o }}}}/f; until [ -e escaped ]; do sleep 0.05; done"),
    )
    assert not is_alive(pid_in(project.root / "escaped"))
    project.done("--step", "t", "--input", "i=run:s/o", "--shell", "true")


@linux
def test_a_timeout_ends_what_has_left_the_group(project: Project) -> None:
    assert "timeout of 3 s" in project.fails("--step", "s", "--timeout", "3", "--shell", f"{LEAVE}; sleep 600")
    gone(pid_in(project.root / "escaped"))


@linux
def test_a_killed_keeper_of_the_body_is_a_failed_attempt_that_leaves_nothing_running(project: Project) -> None:
    script = "echo $PPID > keeper; sh -c 'echo $$ > child; sleep 600; true' & sleep 600"
    process = project.start("--step", "s", "--shell", script)
    child, keeper = pid_in(project.root / "child"), pid_in(project.root / "keeper")
    os.kill(keeper, signal.SIGKILL)
    _, err = process.communicate(timeout=LIMIT)
    # The body's shell may live long enough to say that what it waits for was `Killed`.
    assert (process.returncode, err.removeprefix("Killed\n")) == (
        1,
        "mlspec: step s failed: its process was ended by SIGKILL\n",
    )
    assert not is_alive(child)


def test_two_tries_never_write_into_one_folder(project: Project) -> None:
    script = "mkdir ${{ outputs.o }}; echo ${{ outputs.o }} >> places; touch ${{ outputs.o }}/$NAME; sleep $SECONDS"
    words = ("--step", "s", "--output", "o=artifact", "--shell", script)
    first = project.start(*words, NAME="first", SECONDS="600")
    until((project.root / "places").exists)
    kill(first)
    project.done(*words, NAME="second", SECONDS="0")
    assert project.files("s") == {"_record.json", "o", "o/second"}
    one, two = (Path(line).parent for line in (project.root / "places").read_text().split())
    assert one.parent == two.parent and one != two
    assert one.name.startswith(".attempt-s-")


def test_each_attempt_of_one_process_has_a_folder_of_its_own(project: Project) -> None:
    project.fails("--step", "s", "--output", "o=artifact", "--retry", "1", "--shell", "echo ${{ outputs.o }} >> places; false")
    assert len(set((project.root / "places").read_text().split())) == 2


def test_of_two_tries_that_run_the_later_one_counts(project: Project) -> None:
    script = "echo $NAME > ${{ outputs.o }}; touch $NAME; until [ -e go-$NAME ]; do sleep 0.05; done"
    words = ("--step", "s", "--output", "o=artifact", "--shell", script)
    first = project.start(*words, NAME="first")
    until((project.root / "first").exists)
    second = project.start(*words, NAME="second")
    until((project.root / "second").exists)
    project.write("go-first", "")
    _, err = first.communicate(timeout=LIMIT)
    assert first.returncode == 1
    assert err.endswith("another process has started or forgotten this step since\n")
    assert not (project.path("s") / "_record.json").exists() and records(project).failures() == []
    project.write("go-second", "")
    assert second.wait(LIMIT) == 0
    assert project.read("s", "o") == "second\n"
    assert project.files("s") == {"_record.json", "o"}


def test_what_dead_tries_left_where_an_orchestrator_wants_outputs_is_removed(project: Project) -> None:
    words = ("--step", "s", "--output", "o=artifact:there/o", "--shell", "echo > ${{ outputs.o }}; touch ran; sleep $SECONDS")
    first = project.start(*words, SECONDS="600")
    until((project.root / "ran").exists)
    kill(first)
    project.write("there/.attempt-other-0123456789abcdef/x", "another step's")
    until(lambda: project.exec(*words, SECONDS="0").returncode == 0)
    assert {path.name for path in (project.root / "there").iterdir()} == {"o", ".attempt-other-0123456789abcdef"}


def test_a_step_that_vanished_has_failed_for_those_that_look(project: Project) -> None:
    process = project.start("--step", "s", "--shell", "touch ran; sleep 600")
    until((project.root / "ran").exists)
    assert (records(project).failed(), records(project).failed(over=True)) == ([], []), "it runs"
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true").returncode == 0
    kill(process)
    assert records(project).failed() == ["s"]
    end = project.exec("--step", "t", "--fail-fast", "--shell", "true")
    assert (end.returncode, end.stderr) == (98, "mlspec: step t blocked: step s of this run has failed\n")
    assert project.done("--step", "u", "--final", "--shell", "echo ${{ run.status }}") == "failed\n"
    assert project.done("--step", "v", "--when-failed", "s", "--shell", "echo ran") == "ran\n"
    project.done("--step", "s", "--shell", "true")
    assert project.done("--step", "u", "--final", "--shell", "echo ${{ run.status }}") == "succeeded\n"
    assert records(project).vanished(over=True) == []


def test_a_vanished_final_step_shows_in_no_other_ones_status(project: Project) -> None:
    process = project.start("--step", "s", "--final", "--shell", "touch ran; sleep 600")
    until((project.root / "ran").exists)
    kill(process)
    assert project.done("--step", "u", "--final", "--shell", "echo ${{ run.status }}") == "succeeded\n"


def test_a_failure_is_forgotten_when_the_step_starts_again(project: Project) -> None:
    project.fails("--step", "s", "--shell", "false")
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true").returncode == 98
    process = project.start("--step", "s", "--shell", "touch ran; sleep 600")
    until((project.root / "ran").exists)
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true").returncode == 0
    process.terminate()
    process.wait(LIMIT)
    assert records(project).failures() == ["s"]


@pytest.mark.parametrize("words", [("--approval", "asked"), ("--items", "[1]"), ("--joined",)])
def test_what_is_no_end_leaves_no_mark(project: Project, words: tuple[str, ...]) -> None:
    assert project.exec("--step", "s", *words).returncode == 0
    assert records(project).started("s", None) is None


def test_the_mark_says_who_runs_the_step(project: Project) -> None:
    process = project.start("--step", "s", "--instance", "3", "--shell", "touch ran; sleep 600")
    until((project.root / "ran").exists)
    mark = json.loads((project.root / "store/lifecycle/r/_started/s.3").read_text())
    assert mark["owner"]["pid"] == process.pid
    assert (mark["version"], mark["final"]) == (1, False)
