"""What is kept of an orchestrator's approval, and what it holds against: by real step processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlspec.engine import RunError
from mlspec.engine.approvals import answer
from mlspec.store.runs import Runs

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

TASKS = "train\nother\nsign_off train\ndeploy sign_off\n"
DEPLOY = ("--step", "deploy", "--approved", "sign_off train", "--shell", "touch deployed")


def train(project: Project, auc: float, step: str = "train") -> None:
    project.done("--step", step, "--output", "m=metrics", "--shell", f"echo '{{\"auc\": {auc}}}' > ${{{{ outputs.m }}}}")


def ask(project: Project) -> list[str]:
    asked = project.done("--step", "sign_off", "--approval", "asked", "--message", "Promote?")
    return list(json.loads(asked))


def approve(project: Project) -> None:
    project.done("--step", "sign_off", "--approval", "approved", "--by", "ada")


def judged(project: Project) -> str:
    return project.exec("--step", "all", "--judge", MLSPEC_STEPS=TASKS).stderr


def test_the_record_says_who_answered_when_and_what_they_saw(project: Project) -> None:
    train(project, 0.9)
    message, evidence = ask(project)
    assert (message, "train.m.auc = 0.9" in evidence) == ("Promote?", True)
    approve(project)
    found = project.record("sign_off")["approval"]
    assert (found["answer"], found["by"], found["message"], found["evidence"]) == ("approved", "ada", message, evidence)
    assert project.record("sign_off")["started"] >= found["asked"] and found["answered"] >= found["asked"]
    made = project.record("train")["outputs"]["m"]
    assert found["seen"] == {"train.m": {"uri": made["uri"], "digest": made["digest"]}}


@pytest.mark.parametrize("said", ["refused", "unanswered", "aborted"])
def test_what_is_no_approval_is_recorded_alike(project: Project, said: str) -> None:
    train(project, 0.9)
    ask(project)
    project.fails("--step", "sign_off", "--approval", said)
    found = project.record("sign_off")["approval"]
    assert (found["answer"], found["by"], list(found["seen"])) == (said, "", ["train.m"])


def test_mlspec_approve_answers_no_question_of_an_orchestrator(project: Project) -> None:
    train(project, 0.9)
    ask(project)
    with pytest.raises(RunError, match="sign_off of run r is asked by the orchestrator"):
        answer(Runs("lifecycle", "store", project.root), "r", "sign_off", approved=True, by="ada")


def test_an_answer_stands_as_long_as_what_was_seen_does(project: Project) -> None:
    train(project, 0.9)
    train(project, 0.5, "other")
    ask(project)
    approve(project)
    train(project, 0.9)  # the same again
    train(project, 0.4, "other")  # not above it
    project.done(*DEPLOY)
    assert "every step of the run has ended well" in judged(project)
    train(project, 0.6)
    said = "step sign_off was answered upon train.m of before: have it asked again"
    assert said in judged(project)
    (project.root / "deployed").unlink()
    assert project.fails(*DEPLOY) == f"mlspec: step deploy failed: {said}"
    assert not (project.root / "deployed").exists()
    ask(project)
    approve(project)
    project.done(*DEPLOY)
    assert "every step of the run has ended well" in judged(project)


def test_a_question_that_an_orchestrator_asks_shows_no_secret(project: Project) -> None:
    project.done("--step", "a", "--output", "v=values", "--shell", """echo '{"t": "s3cr3t-token"}' > ${{ outputs.v }}""")
    words = ("--step", "ask", "--approval", "asked", "--message", "is ${{ a.v.t }}", "--value", "a.v=run:a/v")
    shown = project.done(*words, "--hide", "TOKEN", TOKEN="s3cr3t-token")
    assert "s3cr3t" not in str(shown)
    assert not [path for path in project.root.rglob("_approvals/*") if "s3cr3t" in path.read_text()]
