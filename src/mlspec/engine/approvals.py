"""Approvals of local runs: a question in the store, answered by `mlspec approve`.

In: an approval that a run asks for, or a person's answer. Out: a file, `_approvals/<step>.json` in the run's folder.
Owns the form of that file; never waits itself (see `schedule`) and never decides who may answer.
Change it when an answer must carry more than yes or no.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from mlspec.engine.fan_out import place_of
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Step
from mlspec.store.layout import failure_name
from mlspec.store.runs import RunError, Runs, now

FOLDER = "_approvals"


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer, or that of the clock (`by` is empty then)."""

    approved: bool
    by: str


@dataclass(frozen=True, slots=True)
class Question:
    """An approval that waits. `deadline` is on the monotonic clock."""

    step: Step
    deadline: float | None


def ask(runs: Runs, run_id: str, step: Step, approval: Approval) -> Question:
    """Put the question into the store, unless it is there already: a run that is resumed may have been answered."""
    path = _path(runs, run_id, step)
    if runs.read_json(path) is None:
        question = {
            "step": step.id,
            "status": "waiting",
            "message": approval.message,
            "approvers": list(approval.approvers),
            "asked": now(),
        }
        runs.write_json(path, question)
    return Question(step, None if approval.timeout is None else time.monotonic() + approval.timeout)


def answer_to(runs: Runs, run_id: str, question: Question) -> Answer | None:
    """Return the answer to a question, None while there is none; one that comes too late counts for nothing."""
    content = runs.read_json(_path(runs, run_id, question.step)) or {}
    if content.get("status") in ("approved", "refused"):
        return Answer(content["status"] == "approved", str(content.get("by", "")))
    if question.deadline is not None and time.monotonic() >= question.deadline:
        return Answer(approved=False, by="")
    return None


def forget(runs: Runs, run_id: str, step: Step) -> None:
    """Remove a question and its answer, so that it is asked again, or never."""
    runs.store.remove(_path(runs, run_id, step))


def answer(runs: Runs, run_id: str, step_id: str, *, approved: bool, by: str) -> str:
    """Answer an approval that waits, in `run_id` or the `latest` run; returns the run's id.

    Raises `RunError` when the run does not ask for it, or was answered before.
    """
    run_id = runs.resolve(run_id)
    folder = f"{runs.folder(run_id)}/{FOLDER}"
    paths = [f"{folder}/{name}" for name in runs.names(folder) if not name.startswith(".")]
    questions = {content["step"]: (path, content) for path in paths if (content := runs.read_json(path))}
    waiting = [step for step, (_, content) in questions.items() if content["status"] == "waiting"]
    if step_id not in waiting:
        what = "has been answered already" if step_id in questions else "asks for no approval"
        raise RunError(f"{step_id} {what} in run {run_id}, which waits for {', '.join(waiting) or 'none'}")
    path, content = questions[step_id]
    status = "approved" if approved else "refused"
    runs.write_json(path, {**content, "status": status, "by": by, "answered": now()})
    return run_id


def _path(runs: Runs, run_id: str, step: Step) -> str:
    return f"{runs.folder(run_id)}/{FOLDER}/{failure_name(*place_of(step))}.json"
