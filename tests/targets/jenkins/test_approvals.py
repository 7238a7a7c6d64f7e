"""Approvals and agents of their own, on the real Groovy, shell and step process.

Each `node` of the harness is an empty folder, gone when the step is over: only what goes through the store is seen later.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec.engine import Runs, outcome
from mlspec.ir.bodies import Approval, Output, Shell
from mlspec.ir.declarations import Environment, Secret
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput, Value
from mlspec.lowering import lower
from mlspec.targets.base import refusals
from mlspec.targets.jenkins import TARGET
from tests.engines import jenkins
from tests.targets.built import plan
from tests.targets.jenkins.plans import AWKWARD, of, reads, step, writes

pytestmark = [pytest.mark.groovy, pytest.mark.usefixtures("form")]

ASK = "Promote to production? " + AWKWARD


def asked(
    project: Path, timeout: float | None = 60.0, approvers: tuple[str, ...] = ("risk-officers", "ada"), **more: object
) -> Plan:
    """A store that is no folder of the workspace: fsspec's local files stand in for a bucket."""
    question = Step("sign_off", "sign_off", "sign_off", Approval(ASK, approvers, timeout), upstream=("train",), **more)  # type: ignore[arg-type]
    return plan(
        "asked",
        step("train", "cat source.txt > ${{ outputs.model }}; touch seen", **writes(model="model")),
        question,
        step(
            "deploy",
            "test ! -e seen; cat ${{ inputs.model }} > ${{ outputs.out }}",
            "train",
            "sign_off",
            **reads(model=of("train", "model", "model")),
            **writes(out="artifact"),
        ),
        step("aside", "sleep 0.5", "train"),
        step("later", "true", "aside"),
        finals=(step("end", "echo ${{ run.status }} > ${{ outputs.status }}", **writes(status="artifact")),),
        store=f"local://{project}/store",
    )


def build(project: Path, made: Plan, answers: dict[str, object], **more: object) -> tuple[jenkins.Build, dict[str, str]]:
    assert refusals(made, TARGET) == TARGET.check(made) == []
    (project / "source.txt").write_text("from the repository\n")
    done = jenkins.build(project, TARGET.emit(made)[0].content, answers=answers, **more)  # type: ignore[arg-type]
    assert "an executor is held" not in done.log
    found = outcome(made, Runs(made.lifecycle, made.store, project), done.run_id)
    assert found.status == ("succeeded" if done.result == "SUCCESS" else "failed"), done.log
    return done, {name: one.status for name, one in found.steps.items()}


def record(project: Path, made: Plan, done: jenkins.Build) -> dict[str, object]:
    path = project / "store" / made.lifecycle / done.run_id / "sign_off" / "_record.json"
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_an_approval_lets_the_run_go_on(tmp_path: Path) -> None:
    made = asked(tmp_path)
    done, states = build(tmp_path, made, {ASK: "ada"})
    assert done.result == "SUCCESS", done.log
    assert set(states.values()) == {"succeeded"}
    assert f"asked of risk-officers,ada: {ASK}" in done.log
    assert record(tmp_path, made, done)["attempts"] == 1
    assert (tmp_path / "store/asked" / done.run_id / "deploy/out").read_text() == "from the repository\n"
    assert "approved by ada" in done.log


def test_approvers_see_the_numbers_the_run_and_a_link(tmp_path: Path) -> None:
    made = asked(tmp_path)
    train, question, *rest = made.steps
    metrics = Output("metrics", "metrics", file="metrics.json")
    script = """echo '{"auc": 0.81, "loss": 2}' > ${{ outputs.metrics }}; """
    train = train.changed(body=Shell(script + train.body.script), outputs=(*train.outputs, metrics))  # type: ignore[union-attr]
    read = Value("train.metrics", StepOutput(("train",), "metrics", "metrics", file="metrics.json"))
    message = "Promote ${{ train.metrics.auc }} of ${{ run.id }}?"
    question = question.changed(body=Approval(message, (), 60.0), values=(read,))
    wanted = "Promote 0.81 of jenkins-test-"
    done, _ = build(tmp_path, replace(made, steps=(train, question, *rest)), {wanted: "ada"})
    assert done.result == "SUCCESS", done.log
    (said,) = (part for part in done.log.split("asked of ") if part.partition(": ")[2].startswith(wanted))
    assert f"run {done.run_id} of asked\ntrain.metrics.auc = 0.81\ntrain.metrics.loss = 2\n" in said
    assert f"https://ci.example.com/{done.run_id}/" in said


@pytest.mark.parametrize("timeout", [60.0, None])
@pytest.mark.parametrize("on_failure", ["stop", "continue"])
def test_a_refusal_fails_the_run(tmp_path: Path, timeout: float | None, on_failure: str) -> None:
    made = replace(asked(tmp_path, timeout), on_failure=on_failure)  # type: ignore[arg-type]
    done, states = build(tmp_path, made, {ASK: False})
    assert done.result == "FAILURE"
    assert record(tmp_path, made, done)["error"] == "refused"
    assert (states["sign_off"], states["deploy"], states["end"]) == ("failed", "blocked", "succeeded")
    if on_failure == "continue":
        assert states["later"] == "succeeded"
    assert (tmp_path / "store/asked" / done.run_id / "end/status").read_text() == "failed\n"


def test_no_answer_in_time_fails_the_run(tmp_path: Path) -> None:
    made = asked(tmp_path, 0.5)
    done, states = build(tmp_path, made, {})
    assert done.result == "FAILURE"
    assert record(tmp_path, made, done)["error"] == "nobody answered in time"
    assert states["deploy"] == "blocked"


def test_a_false_condition_asks_nobody(tmp_path: Path) -> None:
    made = asked(tmp_path, when="1.0 > 2.0")
    done, states = build(tmp_path, made, {})
    assert done.result == "SUCCESS", done.log
    assert (states["sign_off"], states["deploy"]) == ("skipped", "skipped")
    assert "asked of" not in done.log


def test_equal_questions_at_one_time_are_two_questions(tmp_path: Path) -> None:
    made = asked(tmp_path)
    again = replace(made.by_id["sign_off"], id="sign_off_too", name="sign_off_too", slug="sign_off_too")
    done, states = build(tmp_path, replace(made, steps=(*made.steps, again)), {ASK: "ada"})
    assert states["sign_off_too"] == "succeeded", done.log


def test_steps_run_in_pods_of_their_images(tmp_path: Path) -> None:
    made = replace(
        asked(tmp_path),
        environments={"ml": Environment("ml", image="ghcr.io/acme/ml:1")},
        target_options={"jenkins": {"agent": {"kubernetes": {"image": "mlspec:1", "service_account": "runner"}}}},
        secrets={"token": Secret("token", "TOKEN", {"jenkins": {"credentials": "the-token"}})},
    )
    train = replace(made.steps[0], environment="ml", secrets=("token",))
    later = replace(made.steps[-1], extensions={"jenkins": {"label": "metal"}})
    made = lower(replace(made, steps=(train, *made.steps[1:-1], later)))
    done, states = build(tmp_path, made, {ASK: "ada"}, credentials={"the-token": "x"})
    assert set(states.values()) == {"succeeded"}, done.log
    assert done.log.count('image: "ghcr.io/acme/ml:1"') == 3  # twice for the approval below it
    assert done.log.count('image: "mlspec:1"') == 3
    assert done.log.count("on metal") == 1
