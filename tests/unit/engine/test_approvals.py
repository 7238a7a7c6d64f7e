"""Approvals: the run waits, a person answers through the store."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from mlspec import observers
from mlspec.engine import RunError
from mlspec.engine.approvals import answer
from mlspec.engine.events import ApprovalWanted, Event, StepEnded
from mlspec.ir.bodies import Approval, Shell
from mlspec.ir.declarations import Parameter, Secret
from mlspec.ir.model import Plan
from mlspec.observers.base import EndedStep
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import gate, plan, step, value

QUESTION = Approval("Promote?", ("risk-officers",))


def asking(question: Approval = QUESTION, **fields: Any) -> Plan:
    return plan(
        step("train", "echo '{\"auc\": 0.9}' > ${{ outputs.metrics }}", outputs={"metrics": "metrics"}),
        step("sign_off", "", "train", body=question, **fields),
        step("other", "sleep 0.1"),
        step("deploy", "true", "sign_off"),
        params=(Parameter("ask", "boolean", True),),
    )


def answering(project: Project, spec: Plan, *, approved: bool) -> Any:
    def on_event(event: Event) -> None:
        if isinstance(event, ApprovalWanted):
            answer(project.runs(spec), "latest", event.step, approved=approved, by="ada")

    return on_event


def test_an_approved_run_goes_on(project: Project) -> None:
    spec = asking()
    ran = project.run(spec, run_id="R 1", on_event=answering(project, spec, approved=True))
    assert ran.outcome.status == "succeeded"
    assert ran.record("sign_off")["status"] == "succeeded"
    [wanted] = [event for event in ran.events if isinstance(event, ApprovalWanted)]
    assert wanted.message == "Promote?"
    assert wanted.approvers == ("risk-officers",)
    assert (wanted.answer, wanted.refusal) == ("mlspec approve 'R 1' sign_off", "mlspec approve 'R 1' sign_off --reject")


def test_a_question_shows_no_secret(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "0.123456789")
    asked = Approval("Promote ${{ train.metrics.auc }}?")
    spec = asking(asked, values=(value("train.metrics"),))
    train = replace(spec.steps[0], body=Shell("echo '{\"auc\": 0.123456789}' > ${{ outputs.metrics }}"))
    spec = replace(spec, steps=(train, *spec.steps[1:]), secrets={"token": Secret("token", "TOKEN", {}, None, "text", None)})
    ran = project.run(spec, run_id="R1", on_event=answering(project, spec, approved=True))
    [wanted] = [event for event in ran.events if isinstance(event, ApprovalWanted)]
    assert wanted.message == "Promote ***?"
    assert "train.metrics.auc = ***" in wanted.evidence
    assert not [path for path in project.folder.rglob("_approvals/*") if "0.123456789" in path.read_text()]


def test_approvers_see_the_numbers_the_run_and_how_to_look_at_it(project: Project) -> None:
    spec = asking(Approval("Promote ${{ train.metrics.auc }} of ${{ run.id }}?"), values=(value("train.metrics"),))
    ran = project.run(spec, run_id="R1", on_event=answering(project, spec, approved=True))
    [wanted] = [event for event in ran.events if isinstance(event, ApprovalWanted)]
    assert wanted.message == "Promote 0.9 of R1?"
    assert wanted.evidence.splitlines() == [f"run R1 of {spec.lifecycle}", "train.metrics.auc = 0.9", "mlspec runs show R1"]


def test_a_message_that_reads_what_is_not_there_fails_the_step(project: Project) -> None:
    spec = asking(Approval("Promote ${{ train.metrics.f1 }}?"), values=(value("train.metrics"),))
    ran = project.run(spec)
    assert "the message: train.metrics has no 'f1'" in str(ran.record("sign_off")["error"])


def test_its_end_is_observed_like_that_of_a_process(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def observe(ended: EndedStep) -> str:
        record = ended.records.read(ended.invocation.step)
        return f"{ended.ending.status}, its record says {record and record['status']}"

    module: Any = SimpleNamespace(applies=lambda _: True, observe=observe)
    monkeypatch.setitem(sys.modules, "mlspec.observers.noting", module)
    monkeypatch.setattr(observers, "OBSERVERS", (*observers.OBSERVERS, observers.Entry("noting")))
    spec = asking()
    ran = project.run(spec, on_event=answering(project, spec, approved=True))
    assert ran.said("sign_off") == ["mlspec: step sign_off: succeeded, its record says succeeded"]


def test_a_refused_one_fails_and_asks_again_when_it_is_resumed(project: Project) -> None:
    spec = asking()
    ran = project.run(spec, on_event=answering(project, spec, approved=False))
    assert ran.states == {"train": "succeeded", "sign_off": "failed", "other": "succeeded", "deploy": "blocked"}
    assert ran.record("sign_off")["error"] == "refused by ada"
    again = project.run(spec, resume="latest", on_event=answering(project, spec, approved=True))
    assert again.started == ["sign_off", "deploy"]
    assert again.outcome.status == "succeeded"


def test_one_that_nobody_answers_in_time_is_refused(project: Project) -> None:
    ran = project.run(asking(QUESTION._replace(timeout=0.2)))
    assert ran.states["sign_off"] == "failed"
    assert ran.record("sign_off")["error"] == "nobody answered in time"


def test_a_waiting_approval_takes_no_job(project: Project) -> None:
    """With one job, `other` must run while the question stands, for only its end brings the answer."""
    spec = asking()

    def on_event(event: Event) -> None:
        if isinstance(event, StepEnded) and event.step == "other":
            answer(project.runs(spec), "latest", "sign_off", approved=True, by="ada")

    slow = replace(
        spec,
        steps=(
            spec.steps[0],
            spec.steps[1],
            step("other", "for n in $(seq 20); do echo $n; sleep 0.05; done", "train"),
            spec.steps[3],
        ),
    )
    assert project.run(slow, jobs=1, on_event=on_event).outcome.status == "succeeded"


def test_a_condition_decides_whether_it_is_asked(project: Project) -> None:
    metrics = value("train.metrics")
    unasked = asking(when="params.ask && train.metrics.auc > 0.95", params=("ask",), values=(metrics,))
    ran = project.run(unasked)
    assert ran.states["sign_off"] == ran.states["deploy"] == "skipped"
    broken = project.run(asking(when="train.metrics.f1 > 0.95", values=(metrics,)))
    assert broken.states["sign_off"] == "failed"
    assert "f1" in broken.record("sign_off")["error"]


def test_an_answer_given_while_no_run_waited_counts(project: Project) -> None:
    spec = asking()

    class PulledPlugError(Exception):
        pass

    def pull(event: Event) -> None:
        if isinstance(event, ApprovalWanted):
            raise PulledPlugError

    with pytest.raises(PulledPlugError):
        project.run(spec, run_id="R", on_event=pull)
    assert answer(project.runs(spec), "latest", "sign_off", approved=True, by="ada") == "R"
    ran = project.run(spec, resume="R")
    assert ran.outcome.status == "succeeded"
    assert ran.started[0] == "sign_off"


def test_only_what_is_asked_can_be_answered(project: Project) -> None:
    spec = asking()
    project.run(spec, run_id="R", on_event=answering(project, spec, approved=True))
    runs = project.runs(spec)
    with pytest.raises(RunError, match="sign_off has been answered already in run R"):
        answer(runs, "R", "sign_off", approved=False, by="eve")
    with pytest.raises(RunError, match="train asks for no approval in run R"):
        answer(runs, "R", "train", approved=False, by="eve")


def test_an_approval_below_a_gate_that_skips_is_never_asked(project: Project) -> None:
    ran = project.run(plan(gate("shut", "1.0 > 2.0", otherwise="skip"), step("sign_off", "", "shut", body=QUESTION)))
    assert ran.states["sign_off"] == "skipped"
    assert not any(isinstance(event, ApprovalWanted) for event in ran.events)
