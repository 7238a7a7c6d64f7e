"""What a run has come to: records held against the steps that should have run, by real step processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from mlspec.exec.verdict import Awaited, awaited
from mlspec.terms import BLOCKED, DONE, FINDINGS, NOT_RUN, RUN_FAILED, USAGE
from tests.unit.exec.conftest import Project
from tests.waiting import until

STEPS = "a\nb a\nc b\nwork.items a\nwork.each work.items\nwork.joined work.each work.items\n"
JUDGE = ("--step", "all-ended-well", "--judge")


def judged(project: Project, steps: str, finals: str = "") -> tuple[int, list[str]]:
    end = project.exec(*JUDGE, MLSPEC_STEPS=steps, MLSPEC_FINALS=finals)
    assert not project.path("all-ended-well").exists(), "it is no step, and leaves nothing"
    return end.returncode, [line.removeprefix("mlspec: ") for line in end.stderr.splitlines()]


def test_tasks_are_the_parts_of_steps() -> None:
    text = "a\nwork.items a\nwork.each work.items\ntell work.joined a\nrow.ready tell\nrow.each_0 row.ready\nrow.each_1\nm\nm*3\ntell!"
    assert awaited(text) == {
        "a": Awaited("a"),
        "work": Awaited("work", None, frozenset({"a"})),
        "tell": Awaited("tell", None, frozenset({"a", "work"}), anyway=True),
        "row": Awaited("row", 2, frozenset({"tell"})),
        "m": Awaited("m", 3),
    }


def test_blank_lines_say_nothing(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    assert judged(project, "\na\n  \n\n") == (DONE, ["every step of the run has ended well"])


def test_a_judge_that_is_not_told_what_should_have_run_is_called_wrongly(project: Project) -> None:
    end = project.exec(*JUDGE)
    said = "mlspec exec: --judge needs MLSPEC_STEPS, which says what should have run; see docs/step-process.md\n"
    assert (end.returncode, end.stderr) == (USAGE, said)


@pytest.mark.parametrize("variable", ["MLSPEC_STEPS", "MLSPEC_FINALS"])
def test_steps_that_wait_for_one_another_are_a_usage_error(project: Project, variable: str) -> None:
    end = project.exec(*JUDGE, **{"MLSPEC_STEPS": "", variable: "a b\nb a"})
    said = f"mlspec exec: {variable}: steps in it wait for one another; see docs/step-process.md\n"
    assert (end.returncode, end.stderr) == (USAGE, said)
    end = project.exec("--step", "s", "--final", "--shell", "true", **{variable: "a b\nb a"})
    assert (end.returncode, end.stderr, project.path("s").exists()) == (USAGE, said, False)


def test_a_fan_out_over_nothing_has_all_its_instances(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    assert judged(project, "a", "row.ready\nrow.joined row.ready\nlast row.joined") == (
        FINDINGS,
        ["step last has not run", "the run has failed"],
    )


def test_a_run_whose_steps_all_ended_well_has_succeeded(project: Project) -> None:
    for name in "abc":
        project.done("--step", name, "--shell", "true")
    assert judged(project, "a\nb a\nc b") == (DONE, ["every step of the run has ended well"])


def test_a_step_that_never_ran_fails_the_run_unless_one_above_it_was_skipped(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    assert judged(project, "a\nb a\nc b") == (FINDINGS, ["step b has not run", "step c has not run", "the run has failed"])
    project.exec("--step", "b", "--when", "false", "--shell", "true")
    assert judged(project, "a\nb a\nc b")[0] == DONE
    assert judged(project, "a\nb a\nc b\nc!")[1] == ["step c has not run", "the run has failed"]
    assert judged(project, "a\nb a\nd\nc b d")[1] == ["step d has not run", "step c has not run", "the run has failed"]


@pytest.mark.parametrize("steps", ["a", ""])
def test_a_failed_step_fails_the_run_whether_it_is_listed_or_not(project: Project, steps: str) -> None:
    project.fails("--step", "a", "--shell", "false")
    assert judged(project, steps) == (FINDINGS, ["step a has failed", "the run has failed"])
    project.done("--step", "a", "--shell", "true")
    assert judged(project, steps)[0] == DONE


def test_a_step_that_vanished_fails_the_run(project: Project) -> None:
    process = project.start("--step", "a", "--shell", "touch ran; sleep 600")
    until((project.root / "ran").exists)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert judged(project, "a")[1] == ["step a has failed", "the run has failed"]
    assert (project.record("a")["status"], project.record("a")["error"]) == ("failed", "its process has vanished")


def test_all_instances_must_have_run(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    project.done("--step", "work", "--items", "[1, 2]")
    project.done("--step", "work", "--instance", "0", "--items", "[1, 2]", "--shell", "true")
    listed = "a\nwork.items a\nwork.each work.items"
    assert judged(project, listed)[1] == ["step work has not run", "the run has failed"]
    project.done("--step", "work", "--instance", "1", "--items", "[1, 2]", "--shell", "true")
    assert judged(project, listed)[0] == DONE
    assert judged(project, f"{listed}\nm*2")[1] == ["step m has not run", "the run has failed"]
    project.done("--step", "m", "--instance", '1={"k":1}', "--shell", "true")
    assert judged(project, f"{listed}\nm*2")[0] == FINDINGS
    project.done("--step", "m", "--instance", '0={"k":0}', "--shell", "true")
    assert judged(project, f"{listed}\nm*2")[0] == DONE


def test_instances_beyond_a_list_that_became_shorter_count_no_more(project: Project) -> None:
    each = ("--step", "work", "--items", "[1, 2, 3]", "--shell")
    project.done("--step", "work", "--items", "[1, 2, 3]")
    project.done(*each, "true", "--instance", "0")
    project.exec(*each, "false", "--instance", "1")
    process = project.start(*each, "touch ran; sleep 600", "--instance", "2")
    until((project.root / "ran").exists)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    listed = "work.items\nwork.each work.items"
    assert project.exec("--step", "s", "--fail-fast", "--shell", "true").returncode == BLOCKED
    project.done("--step", "work", "--items", "[1, 2]")
    assert judged(project, listed)[1] == ["step work has failed", "the run has failed"], "it has not started again"
    project.done("--step", "work", "--items", "[1]")
    project.done(*each, "true", "--instance", "0")
    project.done("--step", "s", "--fail-fast", "--shell", "true")
    assert judged(project, listed)[0] == DONE


def test_an_empty_list_has_ended_well(project: Project) -> None:
    project.done("--step", "work", "--items", "[]")
    assert judged(project, "work.items\nwork.each work.items\nb work.joined")[1] == ["step b has not run", "the run has failed"]


def test_a_question_that_nobody_answered_has_not_ended_well(project: Project) -> None:
    asks = "ok.ready\nok.question ok.ready\nok.answer ok.question"
    assert judged(project, asks)[1] == ["step ok has not run", "the run has failed"]
    project.done("--step", "ok", "--approval", "approved")
    assert judged(project, asks)[0] == DONE


def test_finally_steps_count_as_well(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    assert judged(project, "a", "clean")[1] == ["step clean has not run", "the run has failed"]
    project.fails("--step", "clean", "--final", "--shell", "false")
    assert judged(project, "a", "clean")[1] == ["step clean has failed", "the run has failed"]
    project.done("--step", "clean", "--final", "--shell", "true")
    assert judged(project, "a", "clean")[0] == DONE


NOISE = ("--output", "n=metrics", "--shell", 'echo "{\\"n\\": ${N}}" > "$MLSPEC_OUTPUT_N"')
READ_OLD = "step %s has read %s of before: have it run again, too"


def test_a_step_that_read_what_was_made_anew_since_must_run_again(project: Project) -> None:
    check = ("--step", "check", "--value", "make.n=run:make/n", "--gate", "make.n.n > 0.0")
    use = ("--step", "use", "--input", "n=run:make/n", "--shell", "true")
    listed = "make\ncheck make\nuse check"
    project.done("--step", "make", *NOISE, N="1")
    project.done(*check)
    project.done(*use)
    assert judged(project, listed)[0] == DONE
    project.done("--step", "make", *NOISE, N="1")
    assert judged(project, listed)[0] == DONE, "it has made the same"
    project.done("--step", "make", *NOISE, N="2")
    both = [READ_OLD % (name, "make.n") for name in ("check", "use")]
    assert judged(project, listed) == (FINDINGS, [*both, "the run has failed"])
    project.done(*use)
    assert judged(project, listed)[1] == [READ_OLD % ("check", "make.n"), "the run has failed"], (
        "what was checked is another one"
    )
    project.done(*check)
    assert judged(project, listed)[0] == DONE


def test_who_read_all_instances_has_read_those_that_came_later_not_yet(project: Project) -> None:
    each = ("--step", "work", "--item", "0", *NOISE)
    project.done("--step", "work", "--items", "[1]")
    project.done(*each, "--instance", "0", N="1")
    project.done("--step", "all", "--value", "work.n[]=run:work/*/n", "--gate", "work.n.n[0] > 0.0")
    listed = "work.items\nwork.each work.items\nall work.each"
    assert judged(project, listed)[0] == DONE
    project.done("--step", "work", "--items", "[1, 2]")
    for index in "01":
        project.done(*each, "--instance", index, N="1")
    assert judged(project, listed)[1] == [READ_OLD % ("all", "work.n"), "the run has failed"]


def test_a_damaged_record_is_no_good_end(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    (project.path("a") / "_record.json").write_text("{")
    assert judged(project, "a")[0] == FINDINGS


def test_a_finally_step_sees_what_should_have_run_and_fails_with_its_run(project: Project) -> None:
    project.done("--step", "a", "--shell", "true")
    clean = ("--step", "clean", "--final", "--fail-with-run", "--shell", 'echo ${{ run.status }} "[$MLSPEC_STEPS]"')
    end = project.exec(*clean, MLSPEC_STEPS="a\nb a")
    assert (end.returncode, end.stdout) == (RUN_FAILED, "failed []\n")
    assert project.record("clean")["status"] == "succeeded"
    unwanted = ("--step", "tell", "--final", "--fail-with-run", "--when", 'run.status == "succeeded"', "--shell", "true")
    assert project.exec(*unwanted, MLSPEC_STEPS="a\nb a").returncode == RUN_FAILED
    end = project.exec(*clean, MLSPEC_STEPS="a")
    assert (end.returncode, end.stdout) == (DONE, "succeeded []\n")


def test_a_finally_step_waits_for_the_good_end_of_what_it_needs(project: Project) -> None:
    below = ("--step", "below", "--final", "--needs", "clean", "--shell", "true")
    project.done(*below[:3], "--shell", "true")
    assert project.exec(*below).returncode == BLOCKED, "what it needs has not run"
    assert not (project.path("below") / "_record.json").exists(), "an earlier try's end is none of this one"
    project.fails("--step", "clean", "--final", "--shell", "false")
    assert project.exec(*below).returncode == BLOCKED
    project.exec("--step", "clean", "--final", "--when", "false", "--shell", "true")
    assert project.exec(*below).returncode == NOT_RUN
    project.done("--step", "clean", "--final", "--instance", "0", "--shell", "true")
    project.done("--step", "clean", "--final", "--shell", "true")
    assert project.exec(*below).returncode == DONE


def test_all_instances_of_what_a_finally_step_needs_must_have_run(project: Project) -> None:
    each = ("--step", "c", "--final", "--shell", "true", "--instance")
    below = ("--step", "d", "--final", "--needs", "c*3", "--shell", "true")
    for index in range(2):
        project.done(*each, f'{index}={{"k":{index}}}')
    assert project.exec(*below).returncode == BLOCKED, "the third has never started"
    project.done(*each, '2={"k":2}')
    assert project.exec(*below).returncode == DONE


def test_failures_of_an_earlier_try_of_the_run_keep_no_step_back(project: Project) -> None:
    fast = ("--step", "s", "--fail-fast", "--shell", "true")
    project.exec("--step", "bad", "--shell", "false", MLSPEC_RUN_TRY="0")
    assert project.exec(*fast, MLSPEC_RUN_TRY="0").returncode == BLOCKED
    assert project.exec(*fast, MLSPEC_RUN_TRY="1").returncode == DONE
    assert judged(project, "bad\ns")[1] == ["step bad has failed", "the run has failed"]
    project.exec("--step", "bad", "--shell", "false", MLSPEC_RUN_TRY="1")
    assert project.exec(*fast, MLSPEC_RUN_TRY="1").returncode == BLOCKED


def test_a_step_that_vanished_in_an_earlier_try_keeps_no_step_back(project: Project, tmp_path: Path) -> None:
    process = project.start("--step", "bad", "--shell", "touch ran; sleep 600", MLSPEC_RUN_TRY="0")
    until((project.root / "ran").exists)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    fast = ("--step", "s", "--fail-fast", "--shell", "true")
    assert project.exec(*fast, MLSPEC_RUN_TRY="0").returncode == BLOCKED
    assert project.exec(*fast, MLSPEC_RUN_TRY="1").returncode == DONE
