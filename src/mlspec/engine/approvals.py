"""Approvals of local runs: a question in the store, answered by `mlspec approve`.

In: an approval that a run asks for, or a person's answer. Out: a question in the run's `store.questions`.
Owns its form; never waits itself (see `schedule`) and never decides who may answer.
Change it when an answer must carry more than yes or no.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mlspec.engine.errors import RunError
from mlspec.engine.fan_out import place_of
from mlspec.engine.outcome import existing
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Step
from mlspec.store.layout import entry_name
from mlspec.store.questions import Questions, recorded
from mlspec.store.questions import question as asked
from mlspec.store.records import Records
from mlspec.store.runs import Runs
from mlspec.store.timestamps import timestamp
from mlspec.terms import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer, or that of the clock (`by` is empty then)."""

    approved: bool
    by: str
    recorded: Mapping[str, Json]
    """What the step's record says of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """An approval that waits. `deadline` is on the monotonic clock."""

    step: Step
    deadline: float | None


def ask(records: Records, step: Step, approval: Approval, message: str, evidence: str) -> Question:
    """Put the question into the store, unless it is there already: a run that is resumed may have been answered."""
    questions = Questions(records)
    if questions.read(_name(step)) is None:
        questions.write(_name(step), asked(records, step.id, "waiting", message, evidence, approval.approvers))
    return Question(step, None if approval.timeout is None else time.monotonic() + approval.timeout)


def answer_to(records: Records, question: Question) -> Answer | None:
    """Return the answer to a question, None while there is none; one that comes too late counts for nothing."""
    content = Questions(records).read(_name(question.step)) or {}
    if content.get("status") in ("approved", "refused"):
        by = str(content.get("by", ""))
        return Answer(content["status"] == "approved", by, recorded(content, content["status"], by))
    if question.deadline is not None and time.monotonic() >= question.deadline:
        return Answer(approved=False, by="", recorded=recorded(content, "unanswered", ""))
    return None


def forget(records: Records, step: Step) -> None:
    """Remove a question and its answer, so that it is asked again, or never."""
    Questions(records).remove(_name(step))


def answer(runs: Runs, run_id: str, step_id: str, *, approved: bool, by: str) -> str:
    """Answer an approval that waits, in `run_id` or the `latest` run; returns the run's id.

    Raises `RunError` when the run does not ask for it, or was answered before.
    """
    run_id = existing(runs, run_id)
    questions = Questions(runs.records(run_id))
    found = {content["step"]: (name, content) for name, content in questions.all().items()}
    waiting = [step for step, (_, content) in found.items() if content["status"] == "waiting"]
    if step_id in found and found[step_id][1]["status"] == "elsewhere":
        raise RunError(f"{step_id} of run {run_id} is asked by the orchestrator that makes the run: answer it there")
    if step_id not in waiting:
        what = "has been answered already" if step_id in found else "asks for no approval"
        raise RunError(f"{step_id} {what} in run {run_id}, which waits for {', '.join(waiting) or 'none'}")
    name, content = found[step_id]
    status = "approved" if approved else "refused"
    questions.write(name, {**content, "status": status, "by": by, "answered": timestamp()})
    return run_id


def _name(step: Step) -> str:
    return entry_name(*place_of(step))
