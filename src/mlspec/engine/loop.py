"""Runs steps to their end.

In: steps, and how to start each. Out: their states; events on the way. Owns the one thread that starts, waits and decides;
never knows what a run is beyond these steps (see `schedule`).
Change it when there is another kind of step to wait for.
"""

from __future__ import annotations

import errno
import shlex
import time
from collections import Counter
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
from mlspec.engine.fork_server import ForkServer
from mlspec.engine.frontier import Frontier, Task
from mlspec.engine.inbox import Ended, Inbox, Interrupt, Line, Synced
from mlspec.engine.logs import file_name
from mlspec.engine.outbox import Made, Outbox
from mlspec.engine.step_process import Child, end_all
from mlspec.engine.takeover import end_bodies, marked
from mlspec.errors import StepError, StoreError
from mlspec.exec.evidence import evidence
from mlspec.exec.masking import Masker, secret_values
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.observers import notify
from mlspec.observers.base import EndedStep
from mlspec.store import layout
from mlspec.store.ending import Ending
from mlspec.store.filesystem import LocalStore
from mlspec.store.layout import Place
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
        server: ForkServer,
        inbox: Inbox,
        jobs: int,
        logs: Path,
        emit: Callable[[Event], None],
        run_status: str | None = None,
    ) -> None:
        self._frontier = frontier
        self._commands = commands
        self._environ = environ
        self._secrets = _values(commands.plan, environ)
        self._mask = Masker(self._secrets).mask
        self._lease = lease
        self._server = server
        self._jobs = jobs
        self._logs = logs
        self._outbox = Outbox(emit, inbox)
        self._run_status = run_status
        self._records = commands.runs.records(commands.run_id)
        self._inbox = inbox
        self._children: dict[Task, Child] = {}
        self._questions: dict[Task, approvals.Question] = {}
        self._next_look = 0.0
        self._began: dict[Task, float] = {}
        self._lost: Counter[Task] = Counter()
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
            while not self._outbox.empty:
                self._wait()
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
        self._start_process(task, self._logs / file_name(self._place(task)))

    def _start_process(self, task: Task, log: Path) -> None:
        item = self._items[task.step][task.index] if task.index is not None else None
        try:
            arguments = self._commands.arguments(task, item, self._run_status, self._lost[task])
        except RunError as error:
            self._end_without_process(task, "failed", str(error))
            return
        environ = marked(self._commands.environ(task, self._environ), self._lease, str(task))
        try:
            self._children[task] = Child(task, arguments, environ, log, self._inbox, self._server, self._secrets)
        except OSError as error:
            long = "its script or a value is longer than the words of a command may be: pass it as a file"
            reason = long if error.errno == errno.E2BIG else error.strerror or str(error)
            self._end_without_process(task, "failed", f"its process cannot be started: {reason}")

    def _expand(self, task: Task, step: Step) -> None:
        try:
            read = self._commands.read
            items = foreach_items(step, lambda source: read(self._commands.uris(source)[0]), self._commands.params)
        except (RunError, StoreError) as error:
            self._begin(task)
            self._end_without_process(task, "failed", str(error))
            return
        self._items[task.step] = items
        self._frontier.expand(task.step, len(items))
        if not items:
            self._outbox.emit(StepEnded(str(task), "succeeded"))

    def _wait(self) -> None:
        """Take in one message; while a question stands, look for its answer now and then."""
        if self._questions and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + POLL_SECONDS
            self._look_for_answers()
            return
        match self._inbox.get(POLL_SECONDS if self._questions else None):
            case Line(task, text):
                self._outbox.emit(StepLine(str(task), text))
            case Ended(task, exit_code):
                self._conclude(task, exit_code)
            case Synced():
                self._outbox.go_on()
            case Interrupt(reason):
                raise StoreError(reason) if reason else KeyboardInterrupt

    def _conclude(self, task: Task, exit_code: int) -> None:
        child = self._children.pop(task)
        if exit_code < 0:
            end_bodies(self._lease, str(task))
        record = self._records.read(*self._place(task))
        step = self._step(task)
        if record is None and exit_code < 0 and step.lost_given and self._lost[task] < step.retry.lost:
            self._start_again(task, child, exit_code)
            return
        log = self._keep_log(task, child)
        if record is None:
            error = f"the step process ended with {exit_code} and left no record: {child.last}"
            mark = self._records.started(*self._place(task))
            self._end(task, "failed", {"error": error, "attempts": mark.attempts if mark else 0}, log, child.command)
        else:
            self._end(task, cast(StepStatus, record["status"]), record, log, child.command)

    def _start_again(self, task: Task, child: Child, exit_code: int) -> None:
        """Start once more what has vanished; its log goes on."""
        self._lost[task] += 1
        count = f"{self._lost[task]} of {self._step(task).retry.lost}"
        reason = f"its process was ended by signal {-exit_code}; it is started again ({count})"
        said = f"mlspec: step {task}: {reason}"
        child.end_log()
        child.note(said)
        self._outbox.emit(StepLine(str(task), said))
        self._start_process(task, child.log)

    def _keep_log(self, task: Task, child: Child) -> str:
        """Put the log beside the record. Only now: a step process empties its folder first."""
        child.end_log()
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
            message = self._mask(self._commands.scope(invocation).text("the message", approval.message))
        except (RunError, StepError, StoreError) as error:
            self._end_without_process(task, "failed", self._mask(str(error)))
            return
        seen = self._mask(evidence(self._records, f"mlspec runs show {self._commands.run_id}"))
        self._questions[task] = approvals.ask(self._records, step, approval, message, seen)
        command = f"mlspec approve {shlex.quote(self._commands.run_id)} {shlex.quote(step.id)}"
        self._outbox.emit(
            ApprovalWanted(step.id, message, approval.approvers, approval.timeout, command, f"{command} --reject", seen)
        )

    def _look_for_answers(self) -> None:
        for task, question in list(self._questions.items()):
            found = approvals.answer_to(self._records, question)
            if found is None:
                continue
            del self._questions[task]
            error = None if found.approved else f"refused by {found.by}" if found.by else "nobody answered in time"
            self._end_without_process(task, "succeeded" if found.approved else "failed", error, dict(found.recorded))

    def _end_without_process(
        self, task: Task, state: EndStatus, error: str | None, approval: dict[str, Json] | None = None
    ) -> None:
        """End a step without a process; its end is observed like any other's."""
        seconds = time.monotonic() - self._began[task]
        ending = Ending()
        ending.status, ending.error, ending.approval = state, error, approval
        ending.attempts = 0 if state == "skipped" else 1
        ending.started -= seconds
        invocation = self._commands.without_process(task, self._run_status)

        def warn(message: str) -> None:  # in the form in which a step process reports it
            self._outbox.emit(StepLine(str(task), f"mlspec: step {invocation.label}: {message}"))

        notify(EndedStep(invocation, ending, self._records, later=True), warn)
        self._end(task, state, {"error": error, "attempts": ending.attempts})

    def _begin(self, task: Task) -> None:
        self._began[task] = time.monotonic()
        self._outbox.emit(StepStarted(str(task)))

    def _end(
        self, task: Task, state: StepStatus, record: Mapping[str, Json], log: str | None = None, command: tuple[str, ...] = ()
    ) -> None:
        ended = StepEnded(
            str(task),
            state,
            attempts=record.get("attempts", 0),
            cached=record.get("cached_from") is not None,
            seconds=time.monotonic() - self._began[task],
            error=record.get("error"),
            log=log,
            changes=record.get("changes"),
            command=command,
        )
        self._outbox.emit_when_durable(ended, self._made(task, record))
        self._frontier.settle(task, state)

    def _made(self, task: Task, record: Mapping[str, Json]) -> Made | None:
        """What the process of a step has published here, its record above all."""
        store = self._records.store
        if not isinstance(store, LocalStore) or "outputs" not in record:
            return None
        run = store.path(self._records.run)
        file = store.path(layout.record(self._records.run, *self._place(task)))
        outputs = [self._commands.runs.path(made["uri"]) for made in record["outputs"].values()]
        return Made([*outputs, file], [folder for folder in file.parents if folder.is_relative_to(run)])

    def _emit_decided(self) -> None:
        while self._frontier.decided:
            task, state = self._frontier.decided.popleft()
            self._outbox.emit(StepEnded(str(task), state))

    def _step(self, task: Task) -> Step:
        return self._commands.plan.by_id[task.step]

    def _place(self, task: Task) -> Place:
        return place_of(self._step(task), task.index)


def _values(plan: Plan, environ: Mapping[str, str]) -> list[str]:
    """What nothing shows that a step writes: the values of all declared secrets, of files what is in them."""
    files = [environ.get(secret.env) for secret in plan.secrets.values() if secret.kind == "file"]
    texts = {variable for secret in plan.secrets.values() if secret.kind != "file" for variable in secret.variables}
    return secret_values(sorted(texts), environ, files)
