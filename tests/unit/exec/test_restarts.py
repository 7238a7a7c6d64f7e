"""A step whose process vanished, started again by whoever started it: what has ended is not repeated, and attempts are counted on."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mlspec.store.records import Records
from mlspec.store.runs import Runs
from tests.waiting import LIMIT, until

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

WAITS = "echo x >> tries; touch ran-$(wc -l < tries); until [ -e go ]; do sleep 0.05; done"


def records(project: Project) -> Records:
    return Runs("lifecycle", "store", project.root).records("r")


def started(project: Project, *words: str, try_: int = 1, **variables: str) -> subprocess.Popen[str]:
    """Start a step, and wait until its body has been started for the `try_`th time."""
    process = project.start(*words, **variables)
    until(lambda: (project.root / f"ran-{try_}").exists() or process.poll() is not None)
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(LIMIT)


def tries(project: Project) -> int:
    return len((project.root / "tries").read_text().split())


def test_a_lost_attempt_is_counted_and_is_none_of_the_retries(project: Project) -> None:
    script = f"echo x >> tries; touch ran-$(wc -l < tries); case $(wc -l < tries) in 2) {WAITS[6:]};; *) exit 7;; esac"
    words = ("--step", "s", "--retry", "2", "--shell", script)
    kill(started(project, *words, try_=2, MLSPEC_RESTART="0"))
    end = project.exec(*words, MLSPEC_RESTART="1")
    assert end.returncode == 1
    assert "attempt 3 of 4 failed" in end.stderr
    assert (tries(project), project.record("s")["attempts"]) == (4, 4), "one failed, one lost, two more failed: three may fail"


def test_the_option_says_the_same_as_the_variable(project: Project) -> None:
    words = ("--step", "s", "--shell", f"{WAITS}; env | grep MLSPEC_RESTART || true")
    kill(started(project, *words, "--restart", "0"))
    project.write("go", "")
    assert project.done(*words, "--restart=1") == ""
    assert project.record("s")["attempts"] == 2
    assert project.done(*words, MLSPEC_RESTART="1") == "", "nothing that it starts inherits it"


def test_delays_go_on_growing(project: Project) -> None:
    script = "echo x >> tries; touch ran-$(wc -l < tries); [ $(wc -l < tries) != 2 ] || sleep 600; exit 7"
    words = ("--step", "s", "--retry", "3,delay=0.1,factor=3", "--shell", script)
    kill(started(project, *words, try_=2, MLSPEC_RESTART="0"))
    end = project.exec(*words, MLSPEC_RESTART="1")
    assert [line.rpartition("in ")[2] for line in end.stderr.splitlines()[:-1]] == ["0.3 s", "0.9 s"]


@pytest.mark.parametrize("restart", ["0", None])
def test_a_start_that_is_no_restart_counts_nothing_of_before(project: Project, restart: str | None) -> None:
    words = ("--step", "s", "--shell", WAITS)
    kill(started(project, *words, MLSPEC_RESTART="0"))
    project.write("go", "")
    project.done(*words, **({} if restart is None else {"MLSPEC_RESTART": restart}))
    assert project.record("s")["attempts"] == 1


def test_a_start_of_another_try_of_the_run_knows_nothing_of_before(project: Project) -> None:
    """The first start of the new try was lost before it came to `mlspec exec`, so that a restart is what comes first."""
    words = ("--step", "s", "--shell", "echo x >> tries; exit 7")
    project.fails(*words, MLSPEC_RESTART="0", MLSPEC_RUN_TRY="0")
    assert project.record("s")["run_try"] == "0"
    assert project.exec(*words, MLSPEC_RESTART="1", MLSPEC_RUN_TRY="0").returncode == 1
    assert tries(project) == 1, "the same try"
    project.fails(*words, MLSPEC_RESTART="1", MLSPEC_RUN_TRY="1")
    assert (tries(project), project.record("s")["run_try"]) == (2, "1")
    project.fails(*words)
    assert "run_try" not in project.record("s")


def test_what_was_lost_in_another_try_of_the_run_is_not_counted(project: Project) -> None:
    words = ("--step", "s", "--shell", WAITS)
    kill(started(project, *words, MLSPEC_RESTART="0", MLSPEC_RUN_TRY="0"))
    project.write("go", "")
    project.done(*words, MLSPEC_RESTART="1", MLSPEC_RUN_TRY="1")
    assert project.record("s")["attempts"] == 1


def test_a_finally_step_on_kubeflow_is_not_repeated_though_its_first_start_began_another_try(project: Project) -> None:
    words = (*kubeflow(project), "--final", "--shell=echo x >> tries; exit 7")
    for index in ("0", "1", "2"):
        assert project.exec(*words, KFP_POD_NAME="p", KFP_RETRY_INDEX=index).returncode == 1
    assert tries(project) == 1


def test_a_failure_stands(project: Project) -> None:
    words = ("--step", "s", "--shell", "echo x >> tries; exit 7")
    project.fails(*words, MLSPEC_RESTART="0")
    before = project.record("s")
    end = project.exec(*words, MLSPEC_RESTART="1")
    reason = "its process ended with exit status 7 (in an earlier start; what has ended is not repeated)"
    assert (end.returncode, end.stderr) == (1, f"mlspec: step s failed: {reason}\n")
    assert (tries(project), project.record("s"), records(project).failures()) == (1, before, ["s"])
    project.fails(*words, MLSPEC_RESTART="0")
    assert tries(project) == 2, "somebody asked for it"


@pytest.mark.parametrize(("words", "status", "said"), [((), 0, ""), (("--when", "false"), 99, " skipped: it was so")])
def test_a_success_and_a_skip_stand(project: Project, words: tuple[str, ...], status: int, said: str) -> None:
    words = ("--step", "s", "--output", "o=artifact", *words, "--shell", "echo x >> tries; echo > ${{ outputs.o }}")
    project.write("tries", "")
    for restart in ("0", "1"):
        end = project.exec(*words, MLSPEC_RESTART=restart)
        assert end.returncode == status, end.stderr
    assert "it has ended before and is not repeated" in end.stderr
    assert said in end.stderr
    assert tries(project) == (status == 0)
    assert project.files("s") == ({"_record.json", "o"} if status == 0 else {"_record.json"})


def kubeflow(project: Project) -> tuple[str, ...]:
    given = {
        "inputs": {},
        "outputs": {
            "outputFile": str(project.root / "executor_output.json"),
            "artifacts": {"o": {"artifacts": [{"name": "o", "uri": "s3://away/o"}]}},
            "parameters": {"step-outcome": {"outputFile": "x"}},
        },
    }
    return (f"--executor-input={json.dumps(given)}", "--step=s", f"--output=o=artifact:{project.root}/pod/o")


def test_a_success_whose_outputs_went_with_the_pod_is_made_again(project: Project) -> None:
    words = (*kubeflow(project), "--shell=echo x >> tries; echo > ${{ outputs.o }}")
    pod = {"KFP_POD_NAME": "p"}
    project.done(*words, **pod, KFP_RETRY_INDEX="0")
    (project.root / "pod/o").unlink()
    (project.root / "executor_output.json").unlink()
    end = project.exec(*words, **pod, KFP_RETRY_INDEX="1")
    assert (end.returncode, tries(project)) == (0, 2), end.stderr
    assert "it runs again" in end.stderr
    assert (project.root / "pod/o").exists() and (project.root / "executor_output.json").exists()


def test_kubeflow_says_which_start_it_is(project: Project) -> None:
    words = (*kubeflow(project), "--shell=echo x >> tries; exit 7")
    for pod, run in (({"KFP_POD_NAME": "p", "KFP_RETRY_INDEX": "1"}, 1), ({"KFP_POD_NAME": "p", "KFP_RETRY_INDEX": "0"}, 2)):
        for _ in range(2):
            assert project.exec(*words, **pod).returncode == 1
        assert tries(project) == (1 if run == 1 else 3), "the index counts from 0 again when a person retries the run"
    project.exec(*words, KFP_POD_NAME="p")
    assert tries(project) == 4, "a backend that says nothing"
    project.exec(*words)
    assert tries(project) == 4, "kfp.local"


def test_a_step_that_is_told_to_end_gives_way_to_its_next_start(project: Project) -> None:
    words = ("--step", "s", "--output", "o=artifact", "--shell", f"echo > ${{{{ outputs.o }}}}; {WAITS}")
    process = started(project, *words, MLSPEC_RESTART="0")
    process.terminate()
    _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (143, "mlspec: step s: interrupted by SIGTERM; it may be started again\n")
    assert project.files("s") == set()
    assert records(project).failed() == [], "it will be started again"
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true").returncode == 0
    assert records(project).failed(over=True) == ["s"], "those who come last know that it was not"
    project.write("go", "")
    project.done(*words, MLSPEC_RESTART="1")
    assert (project.record("s")["attempts"], records(project).failed(over=True)) == (2, [])


@pytest.mark.parametrize(("retry", "restart"), [("0", "2"), ("0,lost=0", "0"), ("0,lost=1", "1"), ("0", None)])
def test_the_last_start_that_is_told_to_end_has_failed(project: Project, retry: str, restart: str | None) -> None:
    variables: dict[str, Any] = {} if restart is None else {"MLSPEC_RESTART": restart}
    process = started(project, "--step", "s", "--retry", retry, "--shell", WAITS, **variables)
    process.terminate()
    assert process.wait(LIMIT) == 1
    assert (project.record("s")["error"], records(project).failed()) == ("interrupted by SIGTERM", ["s"])


def test_one_that_is_not_started_again_any_more_has_failed_for_all(project: Project) -> None:
    words = ("--step", "s", "--retry", "0,lost=1", "--shell", WAITS)
    kill(started(project, *words, MLSPEC_RESTART="0"))
    assert records(project).failed() == []
    kill(started(project, *words, try_=2, MLSPEC_RESTART="1"))
    assert records(project).failed() == ["s"]
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true").returncode != 0


def test_a_step_that_had_been_let_start_goes_on_though_another_has_failed_since(project: Project) -> None:
    words = ("--step", "s", "--fail-fast", "--shell", WAITS)
    kill(started(project, *words, MLSPEC_RESTART="0"))
    project.fails("--step", "t", "--shell", "false")
    project.write("go", "")
    project.done(*words, MLSPEC_RESTART="1")


def test_a_step_that_was_blocked_stays_so_however_often_it_is_started(project: Project) -> None:
    project.fails("--step", "t", "--shell", "false")
    for restart in ("0", "1", "2"):
        assert project.exec("--step", "s", "--fail-fast", "--shell", "true", MLSPEC_RESTART=restart).returncode == 98


def test_a_run_that_a_person_retries_on_kubeflow_is_not_blocked_by_what_is_about_to_be_mended(project: Project) -> None:
    pod = {"KFP_POD_NAME": "p", "KFP_RETRY_INDEX": "0"}

    def run(step: str, script: str, *words: str) -> int:
        given = {"outputs": {"outputFile": str(project.root / "output.json")}}
        start = (f"--executor-input={json.dumps(given)}", f"--step={step}", *words)
        return project.exec(*start, f"--shell={script}", **pod).returncode

    assert [run("a", "false", "--fail-fast"), run("b", "true", "--fail-fast"), run("bye", "true", "--final")] == [1, 98, 0]
    assert run("b", "true", "--fail-fast") == 0, "a starts again at the same time, or a little later"
    assert run("a", "false", "--fail-fast") == 1
    assert run("c", "true", "--fail-fast") == 98, "it has failed again"
    assert run("a", "true", "--fail-fast") == 0
    assert run("c", "true", "--fail-fast") == 0


@pytest.mark.parametrize("runs_on", [False, True])
def test_a_step_that_began_before_a_clear_and_fails_after_it_blocks_those_that_start_then(
    project: Project, runs_on: bool
) -> None:
    late = started(project, "--step", "s", "--shell", f"{WAITS}; false", MLSPEC_RUN_TRY="0")
    cleared = ("--step", "cleared", "--shell", "touch ran-2; while [ -e keep ]; do sleep 0.05; done")
    if runs_on:
        project.write("keep", "")
        beside = started(project, *cleared, try_=2, MLSPEC_RUN_TRY="1")
    else:
        project.done(*cleared, MLSPEC_RUN_TRY="1")
    project.write("go", "")
    assert late.wait(LIMIT) == 1
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true", MLSPEC_RUN_TRY="1").returncode == 98
    assert project.exec("--step", "t", "--fail-fast", "--shell", "true", MLSPEC_RUN_TRY="2").returncode == 0, "a further clear"
    if runs_on:
        (project.root / "keep").unlink()
        assert beside.wait(LIMIT) == 0


def test_a_number_of_starts_is_a_number(project: Project) -> None:
    end = project.exec("--step", "s", "--shell", "true", MLSPEC_RESTART="one")
    assert (end.returncode, end.stderr) == (2, "mlspec exec: --restart: 'one' is no whole number; see docs/step-process.md\n")
