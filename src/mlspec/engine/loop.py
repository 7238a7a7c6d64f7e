"""Runs steps to their end.

In: steps, and how to start each. Out: their states; events on the way. Owns the one thread that starts, waits and decides;
never knows what a run is beyond these steps (see `schedule`).
Change it when there is another kind of step to wait for.
"""

from __future__ import annotations

import errno
import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from mlspec.engine import approvals
from mlspec.engine.commands import Commands
from mlspec.engine.errors import RunError
from mlspec.engine.events import ApprovalWanted, Event, StepEnded, StepStarted
from mlspec.engine.events import StepOutput as StepLine
from mlspec.engine.fan_out import foreach_items, place_of
from mlspec.engine.frontier import Frontier, Task
from mlspec.engine.inbox import Ended, Inbox, Interrupt, Line
from mlspec.engine.step_process import Child, end_all
from mlspec.engine.takeover import end_bodies, marked
from mlspec.errors import StepError, StoreError
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Step
from mlspec.observers import notify
from mlspec.observers.base import EndedStep
from mlspec.store.layout import Place
from mlspec.store.records import Ending
from mlspec.terms import EndStatus, Json, StepStatus

POLL_SECONDS = 0.5
"""How often the store is asked for the answer to an approval."""


class Loop:
    """Runs the steps of one frontier, `jobs` processes at a time. `run_status` is what `run.status` is in them."""

    def __init__(
        self,
        frontier: Frontier,
        commands: Commands,
        environ: Mapping[str, str],
        *,
        lease: str,
        inbox: Inbox,
        jobs: int,
        logs: Path,
        emit: Callable[[Event], None],
        run_status: str | None = None,
    ) -> None:
        self._frontier = frontier
        self._commands = commands
        self._environ = environ
        self._lease = lease
        self._jobs = jobs
        self._logs = logs
        self._emit = emit
        self._run_status = run_status
        self._records = commands.runs.records(commands.run_id)
        self._inbox = inbox
        self._children: dict[Task, Child] = {}
        self._questions: dict[Task, approvals.Question] = {}
        self._next_look = 0.0
        self._began: dict[Task, float] = {}
        self._items: dict[str, list[Json]] = {}

    def run(self) -> None:
        """Run until every step has ended. An interrupt ends all processes and passes on."""
        try:
            while not self._frontier.ended:
                self._start_all()
                self._emit_decided()
                if not self._frontier.ended:
                    self._wait()
            self._emit_decided()
        except BaseException:
            end_all(self._children.values())
            for task, child in self._children.items():
                with suppress(StoreError):  # what ends the run is what counts
                    self._keep_log(task, child)
            raise

    def _start_all(self) -> None:
        while (task := self._frontier.take(approval=True)) is not None:
            self._ask(task)
        while len(self._children) < self._jobs and (task := self._frontier.take()) is not None:
            step = self._step(task)
            if step.foreach is not None and task.index is None:
                self._expand(task, step)
            else:
                self._start(task)

    def _start(self, task: Task) -> None:
        self._begin(task)
        item = self._items[task.step][task.index] if task.index is not None else None
        command = self._commands.arguments(task, item, self._run_status)
        log = self._logs / f"{len(self._began)}.txt"
        try:
            self._children[task] = Child(task, command, marked(self._environ, self._lease, str(task)), log, self._inbox)
        except OSError as error:
            long = "its script or a value is longer than the words of a command may be: pass it as a file"
            reason = long if error.errno == errno.E2BIG else error.strerror or str(error)
            self._end_without_process(task, "failed", f"its process cannot be started: {reason}")

    def _expand(self, task: Task, step: Step) -> None:
        try:
            items = foreach_items(step, lambda source: self._commands.read(self._commands.uris(source)[0]))
        except (RunError, StoreError) as error:
            self._begin(task)
            self._end_without_process(task, "failed", str(error))
            return
        self._items[task.step] = items
        self._frontier.expand(task.step, len(items))
        if not items:
            self._emit(StepEnded(str(task), "succeeded"))

    def _wait(self) -> None:
        """Take in one message; while a question stands, look for its answer now and then."""
        if self._questions and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + POLL_SECONDS
            self._look_for_answers()
            return
        match self._inbox.get(POLL_SECONDS if self._questions else None):
            case Line(task, text):
                self._emit(StepLine(str(task), text))
            case Ended(task, exit_code):
                self._conclude(task, exit_code)
            case Interrupt(reason):
                raise StoreError(reason) if reason else KeyboardInterrupt

    def _conclude(self, task: Task, exit_code: int) -> None:
        child = self._children.pop(task)
        if exit_code < 0:
            end_bodies(self._lease, str(task))
        log = self._keep_log(task, child)
        record = self._records.read(*self._place(task))
        if record is None:
            error = f"the step process ended with {exit_code} and left no record: {child.last}"
            self._end(task, "failed", {"error": error}, log)
        else:
            self._end(task, cast(StepStatus, record["status"]), record, log)

    def _keep_log(self, task: Task, child: Child) -> str:
        """Put the log beside the record. Only now: a step process empties its folder first."""
        if child.unlogged:
            raise StoreError(f"the log of {task} is not whole: {child.unlogged}")
        return self._records.keep_log(*self._place(task), child.log)

    def _ask(self, task: Task) -> None:
        step = self._step(task)
        approval = cast(Approval, step.body)
        self._begin(task)
        try:
            invocation = self._commands.without_process(task, self._run_status)
            if step.when is not None and not self._commands.scope(invocation).holds(step.when):
                self._end_without_process(task, "skipped", None)
                return
        except (RunError, StepError, StoreError) as error:
            self._end_without_process(task, "failed", str(error))
            return
        self._questions[task] = approvals.ask(self._records, step, approval)
        command = f"mlspec approve {shlex.quote(self._commands.run_id)} {shlex.quote(step.id)}"
        self._emit(
            ApprovalWanted(step.id, approval.message, approval.approvers, approval.timeout, command, f"{command} --reject")
        )

    def _look_for_answers(self) -> None:
        for task, question in list(self._questions.items()):
            found = approvals.answer_to(self._records, question)
            if found is None:
                continue
            del self._questions[task]
            if found.approved:
                self._end_without_process(task, "succeeded", None)
            else:
                self._end_without_process(task, "failed", f"refused by {found.by}" if found.by else "nobody answered in time")

    def _end_without_process(self, task: Task, state: EndStatus, error: str | None) -> None:
        """End a step without a process; its end is observed like any other's."""
        seconds = time.monotonic() - self._began[task]
        ending = Ending()
        ending.status, ending.error = state, error
        ending.attempts = 0 if state == "skipped" else 1
        ending.started -= seconds
        invocation = self._commands.without_process(task, self._run_status)

        def warn(message: str) -> None:  # in the form in which a step process reports it
            self._emit(StepLine(str(task), f"mlspec: step {invocation.label}: {message}"))

        notify(EndedStep(invocation, ending, self._records), warn)
        self._end(task, state, {"error": error, "attempts": ending.attempts})

    def _begin(self, task: Task) -> None:
        self._began[task] = time.monotonic()
        self._emit(StepStarted(str(task)))

    def _end(self, task: Task, state: StepStatus, record: Mapping[str, Json], log: str | None = None) -> None:
        self._emit(
            StepEnded(
                str(task),
                state,
                attempts=record.get("attempts", 0),
                cached=record.get("cached_from") is not None,
                seconds=time.monotonic() - self._began[task],
                error=record.get("error"),
                log=log,
            )
        )
        self._frontier.settle(task, state)

    def _emit_decided(self) -> None:
        while self._frontier.decided:
            task, state = self._frontier.decided.popleft()
            self._emit(StepEnded(str(task), state))

    def _step(self, task: Task) -> Step:
        return self._commands.plan.by_id[task.step]

    def _place(self, task: Task) -> Place:
        return place_of(self._step(task), task.index)
