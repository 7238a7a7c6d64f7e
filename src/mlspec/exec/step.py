"""One step, from its conditions to its published outputs.

In: an `Invocation` and an open store. Out: an `Ending` filled in; raises `StepError` or `Interrupted` when the step fails.
Owns the order of things: when, secrets, with, inputs, cache, attempts, publication. Never writes the record, never prints
but through `report`. Change it when a step goes through something new.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from mlspec.errors import StepError, SupersededError
from mlspec.exec.artifacts import Inputs, Outputs, Scratch
from mlspec.exec.attempts import Job, attempt
from mlspec.exec.bodies import BodyContext, command
from mlspec.exec.cache import Cache
from mlspec.exec.evaluation import Scope
from mlspec.exec.groups import Supervisor
from mlspec.exec.instances import item_of, items_of, with_each_instance
from mlspec.expr.values import compact
from mlspec.invocation.kubeflow import altered_params
from mlspec.invocation.model import Answered, Invocation, Items, Joined
from mlspec.ir.bodies import Call, Gate, Uses
from mlspec.store.marks import Mark
from mlspec.store.records import Ending, Records


class Step:
    """A step about to run. `outputs` are its outputs; after `run`, `reason` says why it was skipped if it was, and
    `unfinished` that this is not its end: its list was printed, its question is to be asked, or its instances were looked at.
    """

    def __init__(
        self, invocation: Invocation, records: Records, scratch: Scratch, supervisor: Supervisor, report: Callable[[str], None]
    ) -> None:
        self._invocation = invocation
        self._records = records
        self._scratch = scratch
        self._supervisor = supervisor
        self._report = report
        self._inputs = Inputs(records, scratch)
        self.outputs = Outputs(invocation, records.store, records.run, scratch)
        self.ending = Ending()
        self._cache = Cache(invocation, records, self.outputs)
        self.reason = ""
        self.unfinished = False
        self._mark: Mark | None = None
        self.items: list[Any] | None = None
        """The list that `--items` alone found."""

    @property
    def cache_key(self) -> str | None:
        """What it has in common with equal steps; None when the cache was not searched."""
        return self._cache.key

    def run(self) -> None:
        """Run the step; raises `StepError` and `Interrupted`. What it publishes is final once the record is written."""
        invocation, ending = self._invocation, self.ending
        if isinstance(invocation.body, Joined):
            self._join()
            return
        self._mark = self._records.start(invocation.step, invocation.instance_index, final=invocation.start.final)
        self.outputs.forget()
        if reason := self._not_needed():
            self._skip(reason)
            return
        self._check_params()
        invocation = with_each_instance(invocation, self._records)
        scope = Scope(invocation, self._inputs.read_value, self._status)
        if isinstance(invocation.body, Items):
            ending.attempts = 1
            self.items = items_of(invocation.step, invocation.body.source, scope.lookup)
            if invocation.run.executor_input is not None:
                self._records.keep_items(invocation.step, self.items)
            print(compact(self.items), flush=True)
            ending.status, self.unfinished = "succeeded", True
            return
        if invocation.wiring.items is not None:
            scope.add_item(item_of(invocation, invocation.wiring.items, scope.lookup))
        if invocation.policy.when is not None and not scope.holds(invocation.policy.when):
            self._skip(f"its condition does not hold: {scope.explain(invocation.policy.when)}")
            return
        for variable in invocation.wiring.secrets:
            if not os.environ.get(variable):  # an orchestrator that lacks a secret sets its variable to nothing
                raise StepError(f"the secret variable {variable} is not set")
        ending.with_ = scope.resolve_with()
        if isinstance(invocation.body, Gate):
            self._evaluate_gate(invocation.body, scope)
            return
        if isinstance(invocation.body, Answered):
            self._take_answer(invocation.body)
            return
        self._inputs.fetch(invocation.wiring.inputs)
        ending.inputs = self._inputs.records
        if self._cache.restore(ending, scope):
            self._report(f"nothing has changed since run {ending.cached_from}: its outputs are taken")
        else:
            self._make_outputs(scope)
        self.check_current()
        ending.outputs = self.outputs.publish()
        ending.status = "succeeded"

    def check_current(self) -> None:
        """Raise `SupersededError` when another process has taken the step over: what is published and recorded is that one's."""
        place = self._invocation.step, self._invocation.instance_index
        if self._mark is not None and not self._records.holds(*place, self._mark):
            raise SupersededError("another process has started or forgotten this step since")

    def _check_params(self) -> None:
        """Refuse parameters in whose place Kubeflow may have put something else."""
        invocation = self._invocation
        names = [param.name for param in invocation.wiring.params]
        if invocation.run.executor_input is None:
            return
        try:
            found = altered_params(invocation.run.executor_input, names)
        except (AttributeError, TypeError) as error:
            raise StepError(f"--executor-input is not what Kubeflow passes: {error!r}") from None
        if found:
            listed = ", ".join(f"params.{name}" for name in found)
            raise StepError(f"{listed} holds `{{{{$`, which Kubeflow takes for its own placeholder")

    def _make_outputs(self, scope: Scope) -> None:
        invocation = self._invocation

        def prepared() -> tuple[list[str], dict[str, str]]:
            context = BodyContext(self._inputs.paths, self.outputs.paths, self.ending.with_, scope.lookup)
            return command(invocation, context, lambda: self._scratch.folder("exchange"))

        python = isinstance(invocation.body, Call | Uses)
        reply = self._scratch.folder("exchange") / "reply.json" if python else None
        job = Job(prepared, invocation.policy.timeout, reply)
        attempt(job, self.outputs, invocation.policy.retry, self.ending, self._supervisor, self._report)

    def _evaluate_gate(self, gate: Gate, scope: Scope) -> None:
        self.ending.attempts = 1
        broken = [line for line in gate.lines if not scope.holds(line)]
        if not broken:
            self.ending.status = "succeeded"
            return
        reason = "the gate does not hold: " + "; ".join(scope.explain(line) for line in broken)
        if gate.otherwise == "stop":
            raise StepError(reason)
        self._skip(reason)

    def _take_answer(self, answered: Answered) -> None:
        self.ending.attempts = 1
        by = f" by {answered.by}" if answered.by else ""
        if answered.answer == "refused":
            raise StepError(f"refused{by}")
        if answered.answer == "unanswered":
            raise StepError("nobody answered in time")
        self.unfinished = answered.answer == "asked"
        self.ending.status = "succeeded"
        self._report("to be approved" if self.unfinished else f"approved{by}")

    def _join(self) -> None:
        """Tell whether instances succeeded. Of no instances at all the step has succeeded, too: its list was empty."""
        step, self.unfinished = self._invocation.step, True
        self.ending.status = "succeeded"
        started = self._records.instances(step)
        if started and not any(self._records.succeeded(step, index) for index in started):
            self._skip("all its instances were")

    def _not_needed(self) -> str:
        """Say why a step that is there for the failure of others need not run; nothing when it must."""
        awaited = self._invocation.start.when_failed
        return "" if not awaited or self._failed_before() & set(awaited) else f"none of {', '.join(awaited)} has failed"

    def _skip(self, reason: str) -> None:
        self.ending.status = "skipped"
        self.reason = reason

    def _status(self) -> str:
        return self._invocation.start.run_status or ("failed" if self._failed_before() else "succeeded")

    def _failed_before(self) -> set[str]:
        """The steps that have failed, as far as this one looks at others: where it does, those before it are over."""
        start = self._invocation.start
        names = {name.partition(".")[0] for name in self._records.failed(over=start.final)}
        over = {name.partition(".")[0] for name in self._records.failed(over=True)} if start.when_failed else set()
        return names | over & set(start.when_failed)
