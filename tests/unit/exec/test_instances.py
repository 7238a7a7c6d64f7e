"""Fan-outs and approvals as an orchestrator drives them: lists printed, elements taken, all instances read, answers noted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

AWKWARD = ["a b", "$(id)", "", {"k": [1, 2.5, None]}, "é\u2028", 0]
VALUE = ("--value", "split.values=run:split/values")


def split(project: Project, value: object) -> None:
    project.write("value.json", json.dumps(value))
    project.done("--step", "split", "--output", "values=values", "--shell", "cp value.json ${{ outputs.values }}")


def test_a_list_is_printed_and_leaves_no_record(project: Project) -> None:
    split(project, {"deep": {"list": AWKWARD}})
    printed = project.done("--step", "work", *VALUE, "--items", "split.values.deep.list")
    assert json.loads(printed) == AWKWARD
    assert printed.count("\n") == 1
    assert project.files("work") == {"_items.json"}


def test_an_instance_takes_its_element(project: Project) -> None:
    split(project, AWKWARD)
    script = "printf '%s' ${{ item }} > ${{ outputs.out }}"
    for index, item in enumerate(AWKWARD):
        project.done(
            *("--step", "work", "--instance", str(index), *VALUE, "--items", "split.values"),
            *("--output", "out=artifact", "--shell", script),
        )
        text = (project.path("work") / str(index) / "out").read_text(encoding="utf-8")
        assert text == (item if isinstance(item, str) else json.dumps(item, separators=(",", ":")))


def test_a_list_may_be_given_as_json(project: Project) -> None:
    assert json.loads(project.done("--step", "work", "--items", json.dumps(AWKWARD))) == AWKWARD
    words = ("--step", "work", "--items", "[5, 6]", "--shell", "test ${{ item }} = 6")
    project.done(*words, "--instance", "1")
    end = project.exec(*words, "--instance", "2")
    assert end.returncode == 1
    assert "there is no element 2 in [5, 6], which has 2" in end.stderr


@pytest.mark.parametrize(
    ("value", "reason"),
    [("text", 'split.values is no list but "text"'), ({"a": 1}, 'split.values is no list but {"a":1}')],
)
def test_what_is_no_list_fails_the_step(project: Project, value: object, reason: str) -> None:
    split(project, value)
    assert reason in project.fails("--step", "work", *VALUE, "--items", "split.values")


def test_a_list_that_is_not_there_fails_the_step(project: Project) -> None:
    split(project, {"a": 1})
    assert "split.values has no 'b'" in project.fails("--step", "work", *VALUE, "--items", "split.values.b")


def test_readers_get_the_instances_that_succeeded_in_order(project: Project) -> None:
    for index in range(12):
        project.exec(
            *("--step", "work", "--instance", str(index), "--item", str(index), "--when", "item != 3"),
            *("--output", "out=values", "--shell", "echo ${{ item }} > ${{ outputs.out }}; [ ${{ item }} != 5 ]"),
        )
    project.done(
        *("--step", "gather", "--input", "all[]=run:work/*/out", "--value", "work.out[]=run:work/*/out"),
        *("--with", "n=${{ work.out }}", "--output", "out=artifact"),
        *("--shell", "cat ${{ inputs.all }} > ${{ outputs.out }}; echo ${{ with.n }} >> ${{ outputs.out }}"),
    )
    wanted = [index for index in range(12) if index not in (3, 5)]
    lines = project.read("gather", "out").splitlines()
    assert lines == [*map(str, wanted), json.dumps(wanted, separators=(",", ":"))]
    assert len(project.record("gather")["inputs"]["all"]) == 10


def test_of_no_instances_readers_get_empty_lists(project: Project) -> None:
    project.done(
        *("--step", "gather", "--input", "all[]=run:work/*/out", "--value", "work.metrics[]=run:work/*/metrics"),
        *("--with", "n=${{ work.metrics.auc }}"),
        *("--shell", 'test "$MLSPEC_INPUT_ALL" = "[]"; test ${{ with.n }} = "[]"'),
    )


def test_instances_together_are_skipped_when_all_were(project: Project) -> None:
    def instance(index: int, when: str) -> None:
        project.exec("--step", "work", "--instance", str(index), "--item", "1", "--when", when, "--shell", "true")

    assert project.exec("--step", "work", "--joined").returncode == 0
    instance(0, "false")
    instance(1, "false")
    assert project.exec("--step", "work", "--joined").returncode == 99
    assert not (project.path("work") / "_record.json").exists()
    instance(2, "true")
    assert project.exec("--step", "work", "--joined").returncode == 0
    assert {path.name for path in project.path("work").iterdir()} == {"0", "1", "2"}


def test_a_step_for_the_failure_of_others_runs_when_one_has_failed(project: Project) -> None:
    words = ("--step", "repair", "--when-failed", "load", "--when-failed", "work", "--shell", "true")
    assert project.exec(*words).returncode == 99
    assert project.record("repair")["status"] == "skipped"
    project.exec("--step", "other", "--shell", "false")
    project.exec("--step", "work_more", "--shell", "false")
    assert project.exec(*words).returncode == 99
    project.exec("--step", "work", "--instance", "3", "--shell", "false")
    project.done(*words)


def test_an_approval_that_is_asked_for_has_not_ended(project: Project) -> None:
    project.done("--step", "sign_off", "--approval", "asked", "--when", "true")
    assert not project.path("sign_off").exists()
    assert project.exec("--step", "sign_off", "--approval", "asked", "--when", "false").returncode == 99
    assert project.record("sign_off")["status"] == "skipped"


@pytest.mark.parametrize(
    ("answer", "by", "status", "error"),
    [
        ("approved", "ada", "succeeded", None),
        ("refused", "ada; $(id)", "failed", "refused by ada; $(id)"),
        ("refused", "", "failed", "refused"),
        ("unanswered", "", "failed", "nobody answered in time"),
    ],
)
def test_an_answer_is_a_record(project: Project, answer: str, by: str, status: str, error: str | None) -> None:
    end = project.exec("--step", "sign_off", "--approval", answer, "--by", by)
    record = project.record("sign_off")
    assert (record["status"], record["error"], record["attempts"]) == (status, error, 1)
    assert end.returncode == (0 if status == "succeeded" else 1)


@pytest.mark.parametrize(
    "words",
    [
        ("--approval", "perhaps"),
        ("--items", "[1]", "--shell", "true"),
        ("--items", "[1]", "--instance", "0", "--item", "1", "--shell", "true"),
        ("--approval", "asked", "--shell", "true"),
        ("--joined", "--shell", "true"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(project: Project, words: tuple[str, ...]) -> None:
    assert project.exec("--step", "s", *words).returncode == 2
