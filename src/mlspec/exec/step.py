"""One step, from its conditions to its published outputs.

In: an `Invocation` and an open store. Out: an `Ending` filled in; raises `StepError` or `Interrupted` when the step fails.
Owns the order of things: when, secrets, with, inputs, cache, attempts, publication. Never writes the record, never prints
but through `report`. Change it when a step goes through something new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlspec.errors import SettledError, StepError, SupersededError
from mlspec.exec.answers import check_approved, put, taken
from mlspec.exec.artifacts import Inputs, Outputs, Scratch
from mlspec.exec.attempts import Job, attempt
from mlspec.exec.bodies import QUALITY_FILE, BodyContext, command
from mlspec.exec.cache import Cache
from mlspec.exec.cache_key import CacheKey
from mlspec.exec.evaluation import Scope
from mlspec.exec.groups import Supervisor
from mlspec.exec.heartbeat import Heartbeat, gives_signs
from mlspec.exec.instances import item_of, items_of, with_each_instance
from mlspec.exec.masking import Masker
from mlspec.exec.parameters import check_parameters
from mlspec.exec.pipeline import check_pipeline
from mlspec.exec.restarts import former_starts, restarts_left
from mlspec.exec.secret_files import secret_files
from mlspec.exec.verdict import Verdict
from mlspec.expr.values import compact
from mlspec.invocation.model import Answered, Invocation, Items, Joined
from mlspec.ir.bodies import Call, Gate, Uses
from mlspec.store.ending import Ending
from mlspec.store.marks import Mark, new_mark
from mlspec.store.records import Record, Records

if TYPE_CHECKING:
    from mlspec.exec.tracing import Trace


class Step:
    """A step about to run. `outputs` are its outputs; after `run`, `reason` says why it was skipped if it was, and
    `unfinished` that this is not its end: its list was printed, its question is to be asked, or its instances were looked at;
    `settled` that it had ended before, and has its record.
    """

    def __init__(
        self,
        invocation: Invocation,
        records: Records,
        verdict: Verdict,
        scratch: Scratch,
        supervisor: Supervisor,
        report: Callable[[str], None],
    ) -> None:
        self._invocation = invocation
        self._verdict = verdict
        self._records = records
        self._scratch = scratch
        self._supervisor = supervisor
        self._report = report
        self._inputs = Inputs(records, scratch)
        self.outputs = Outputs(invocation, records.store, records.run, scratch)
        self.ending = Ending()
        self._mask = Masker(supervisor.secrets).mask if supervisor.secrets else str
        self._cache = Cache(invocation, records, self.outputs, self._mask)
        self.reason = ""
        self.unfinished = False
        self.settled = False
        self.noticed: list[str] = []
        """What is to be said of its inputs, and of the files that it opened where that was asked for."""
        self._mark: Mark | None = None
        self.heartbeat = Heartbeat(records, (invocation.step, invocation.instance_index))
        self.items: list[Any] | None = None
        """The list that `--items` alone found."""

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """The numbers of its `metrics` outputs, by output."""
        kinds = {output.name: output.type for output in self._invocation.wiring.outputs}
        return {name: numbers for name, numbers in self.outputs.contents.items() if kinds[name] == "metrics"}

    @property
    def cache_key(self) -> CacheKey | None:
        """What it has in common with equal steps; None when the cache was not searched."""
        return self._cache.key

    def paths(self) -> dict[str, Path]:
        """Where on this machine is what the record names by a URI: inputs that were fetched, outputs that an orchestrator keeps."""
        return self._inputs.fetched | self.outputs.kept_here(self.ending.outputs)

    def quality(self) -> dict[str, Any]:
        """What its body says that it found when it checked its inputs."""
        if not isinstance(self._invocation.body, Uses) or not self.ending.attempts:
            return {}
        with suppress(OSError, ValueError):
            found = json.loads((self._scratch.folder("exchange") / QUALITY_FILE).read_bytes())
            return found if isinstance(found, dict) else {}
        return {}

    def run(self) -> None:
        """Run the step; raises `StepError` and `Interrupted`. What it publishes is final once the record is written."""
        invocation, ending = self._invocation, self.ending
        if isinstance(invocation.body, Joined):
            self._join()
            return
        ending.attempts, ending.lost, record = former_starts(invocation, self._records)
        if record is not None and self._stands(record):
            return
        self._start()
        self.outputs.forget()
        check_pipeline(invocation)
        check_parameters(invocation)
        if reason := self._not_needed():
            self._skip(reason)
            return
        check_approved(self._records, invocation.start.approved)
        invocation = with_each_instance(invocation, self._records)
        ending.values = self._inputs.values
        scope = Scope(invocation, self._inputs.read_value, self._status)
        if isinstance(invocation.body, Items):
            ending.attempts += 1
            self.items = items_of(invocation.step, invocation.body.source, scope.lookup)
            self._records.keep_items(invocation.step, self.items)
            self._records.forget_beyond(invocation.step, len(self.items))
            print(compact(self.items), flush=True)
            ending.status, self.unfinished = "succeeded", True
            return
        if invocation.wiring.items is not None:
            scope.add_item(item_of(invocation, invocation.wiring.items, scope.lookup))
        if invocation.policy.when is not None and not scope.holds(invocation.policy.when):
            self._skip(f"its condition does not hold: {scope.explain(invocation.policy.when)}")
            return
        files = secret_files(invocation.wiring, self._scratch)
        ending.with_ = scope.resolve_with()
        self._variables = scope.variables() | files
        if isinstance(invocation.body, Gate):
            self._evaluate_gate(invocation.body, scope)
            return
        if isinstance(invocation.body, Answered):
            self._take_answer(invocation.body, scope)
            return
        self._take_inputs(invocation)
        if self._cache.restore(ending, scope):
            self._report_reuse()
        else:
            if self._cache.reason:
                self._report(self._cache.reason)
            self._make_outputs(scope)
        self.check_current()
        self._publish()

    def reuse(self, most: int) -> bool:
        """Only take what an equal step has made, if that is all there is to do, and no file of it is larger than so many bytes.

        Returns whether it was; if not, or if it raises, nothing has been done. For a process that does this for many steps: none of
        them is marked as started, for none is in progress when that process is gone.
        """
        invocation, ending = self._invocation, self.ending
        check_pipeline(invocation)
        check_parameters(invocation)
        invocation = with_each_instance(invocation, self._records)
        ending.values = self._inputs.values
        scope = Scope(invocation, self._inputs.read_value, self._status)
        if invocation.policy.when is not None and not scope.holds(invocation.policy.when):
            return False
        ending.with_ = scope.resolve_with()
        if not self._inputs.are_within(invocation.wiring.inputs, most):
            return False
        self._take_inputs(invocation)
        if not self._cache.restore(ending, scope, most):
            return False
        self._report_reuse()
        self._publish()
        return True

    def _take_inputs(self, invocation: Invocation) -> None:
        self._inputs.fetch(invocation.wiring.inputs)
        self.ending.inputs = self._inputs.records
        self.noticed += self._inputs.not_as_locked(invocation.wiring.locked)

    def _report_reuse(self) -> None:
        self._report(f"nothing has changed since run {self.ending.cached_from}: its outputs are taken")

    def _publish(self) -> None:
        self.ending.outputs = self.outputs.publish()
        self.ending.status = "succeeded"

    def _start(self) -> None:
        """Mark the step as started, with what is known of earlier starts of the same try."""
        invocation, ending = self._invocation, self.ending
        counts = {"attempts": ending.attempts + 1, "lost": ending.lost, "restarts": restarts_left(invocation, ending.lost)}
        mark = new_mark(final=invocation.start.final, signs=gives_signs(), **counts)
        self._records.start(invocation.step, invocation.instance_index, mark)
        self._mark = mark
        self.heartbeat.start(mark)

    def _note_next_attempt(self) -> None:
        """Count an attempt before it begins, and before its delay: should this process vanish, the next one knows."""
        assert self._mark is not None, "the step has started"
        mark = self._mark._replace(attempts=self.ending.attempts + 1)
        self._records.mark(self._invocation.step, self._invocation.instance_index, mark)

    def _stands(self, record: Record) -> bool:
        """Tell whether the end of an earlier start of the same try is this one's; what went with its pod must be made again."""
        invocation, ending, status = self._invocation, self.ending, record["status"]
        if status == "succeeded" and not self.outputs.recover(record["outputs"]):
            self._report("it has succeeded before, and what it made was lost with its process: it runs again")
            ending.attempts = ending.lost = record["attempts"]
            return False
        self._records.settle(invocation.step, invocation.instance_index, status, final=invocation.start.final)
        if status == "failed":
            raise SettledError(f"{record['error']} (in an earlier start; what has ended is not repeated)")
        self._report("it has ended before and is not repeated")
        ending.status, self.reason, self.settled = status, "it was so in an earlier start", True
        return True

    def check_current(self) -> None:
        """Raise `SupersededError` when another process has taken the step over: what is published and recorded is that one's."""
        place = self._invocation.step, self._invocation.instance_index
        if self._mark is not None and not self._records.holds(*place, self._mark):
            raise SupersededError("another process has started or forgotten this step since")

    def _make_outputs(self, scope: Scope) -> None:
        invocation = self._invocation

        trace = self._trace() if invocation.policy.trace else None

        def prepared() -> tuple[list[str], dict[str, str]]:
            context = BodyContext(self._inputs.paths, self.outputs.paths, self.ending.with_, scope.lookup, self._variables)
            words, environment = command(invocation, context, lambda: self._scratch.folder("exchange"))
            return words if trace is None else trace.command(words, environment), environment

        python = isinstance(invocation.body, Call | Uses)
        reply = self._scratch.folder("exchange") / "reply.json" if python else None
        job = Job(prepared, invocation.policy.timeout, reply, self._note_next_attempt)
        attempt(job, self.outputs, invocation.policy.retry, self.ending, self._supervisor, self._report)
        if trace is not None:
            self.noticed += filter(None, [trace.report(self.ending.with_, self._inputs.paths.values())])

    def _trace(self) -> Trace:
        from mlspec.exec.tracing import Trace

        return Trace(self._invocation, self._scratch.folder("exchange") / "opened")

    def _evaluate_gate(self, gate: Gate, scope: Scope) -> None:
        self.ending.attempts += 1
        broken = [line for line in gate.lines if not scope.holds(line)]
        if not broken:
            self.ending.status = "succeeded"
            return
        reason = "the gate does not hold: " + "; ".join(scope.explain(line) for line in broken)
        if gate.otherwise == "stop":
            raise StepError(reason)
        self._skip(reason)

    def _take_answer(self, answered: Answered, scope: Scope) -> None:
        self.ending.attempts += 1
        place = self._invocation.step, self._invocation.instance_index
        if answered.answer != "asked":
            self.ending.approval = taken(self._records, place, answered)
        by = f" by {answered.by}" if answered.by else ""
        if answered.answer == "refused":
            raise StepError(f"refused{by}")
        if answered.answer == "unanswered":
            raise StepError("nobody answered in time")
        if answered.answer == "aborted":
            raise StepError("the run was aborted while it waited for an answer")
        self.unfinished = answered.answer == "asked"
        self.ending.status = "succeeded"
        message = scope.text("the message", answered.message) if answered.message and self.unfinished else ""
        self._report("to be approved" if self.unfinished else f"approved{by}")
        if message:  # last of all that is printed: whoever asks reads it
            print(compact(put(self._records, place, self._invocation.label, message, self._mask)), flush=True)

    def _join(self) -> None:
        """Tell whether instances succeeded. Of no instances at all the step has succeeded, too: its list was empty."""
        step, self.unfinished = self._invocation.step, True
        self.ending.status = "succeeded"
        started = self._records.instances(step)
        if started and not any(self._records.succeeded(step, index) for index in started):
            self._skip("all its instances were")

    def unpaired(self) -> str | None:
        """The instance that this one is paired with and that has neither succeeded nor been skipped, if there is one."""
        return next((name for name, status in self._partners() if status not in ("succeeded", "skipped")), None)

    def _partners(self) -> Iterator[tuple[str, str | None]]:
        """The instances that this one is paired with, and how each has ended."""
        index = self._invocation.instance_index
        for step in self._invocation.start.pairs:
            record = self._records.read(step, index)
            yield f"{step}[{index}]", record["status"] if record is not None else None

    def _not_needed(self) -> str:
        """Say why a step that is there for the failure of others need not run, or whose partner was skipped; nothing when it must."""
        if (skipped := next((name for name, status in self._partners() if status == "skipped"), None)) is not None:
            return f"{skipped} was"
        awaited = self._invocation.start.when_failed
        if not awaited or {name.partition(".")[0] for name in self._records.failed(over=True)} & set(awaited):  # they are over
            return ""
        return f"none of {', '.join(awaited)} has failed"

    def _skip(self, reason: str) -> None:
        self.ending.status = "skipped"
        self.reason = reason

    def _status(self) -> str:
        start = self._invocation.start
        return start.run_status or ("failed" if self._verdict.failed(over=start.final) else "succeeded")
