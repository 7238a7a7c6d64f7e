"""One step, from its conditions to its published outputs.

In: an `Options` and an open store. Out: an `Ending` filled in; raises `StepError` or `Interrupted` when the step fails.
Owns the order of things: when, secrets, with, inputs, cache, attempts, publication. Never writes the record, never prints
but through `say`. Change it when a step goes through something new.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from mlspec.errors import StepError
from mlspec.exec.artifacts import Inputs, Outputs, Scratch
from mlspec.exec.attempts import Job, attempt
from mlspec.exec.bodies import Sight, command
from mlspec.exec.cache import Cache
from mlspec.exec.evaluation import Scope
from mlspec.exec.groups import Supervisor
from mlspec.exec.instances import item_of, items_of, name_each
from mlspec.expr.values import compact
from mlspec.invocation.kubeflow import bent
from mlspec.invocation.model import Approval, Call, Gate, Items, Joined, Uses
from mlspec.invocation.parse import Options
from mlspec.store.records import Ending, Records


class Step:
    """A step about to run. `outputs` are its outputs; after `carry_out`, `reason` says why it was skipped if it was, and
    `undecided` that this is not its end: its list was printed, its question is to be asked, or its instances were looked at.
    """

    def __init__(
        self, options: Options, records: Records, scratch: Scratch, supervisor: Supervisor, say: Callable[[str], None]
    ) -> None:
        self._options = options
        self._records = records
        self._scratch = scratch
        self._supervisor = supervisor
        self._say = say
        self._inputs = Inputs(records.store, records.run, scratch)
        self.outputs = Outputs(options, records.store, records.run, scratch)
        self.ending = Ending()
        self._cache = Cache(options, records, self.outputs)
        self.reason = ""
        self.undecided = False
        self.items: list[Any] | None = None
        """The list that `--items` alone found."""

    def carry_out(self) -> None:
        """Run the step; raises `StepError` and `Interrupted`. What it publishes is final once the record is written."""
        options, ending = self._options, self.ending
        if isinstance(options.body, Joined):
            self._join()
            return
        self._records.start(options.step, options.index)
        self.outputs.forget()
        if reason := self._unwanted():
            self._skip(reason)
            return
        name_each(options, self._records)
        self._refuse_bent()
        scope = Scope(options, self._inputs.read_value, self._status)
        if isinstance(options.body, Items):
            ending.attempts = 1
            self.items = items_of(options, scope.lookup)
            if options.executor_input is not None:
                self._records.keep_items(options.step, self.items)
            print(compact(self.items), flush=True)
            ending.status, self.undecided = "succeeded", True
            return
        if options.items is not None:
            scope.add_item(item_of(options, scope.lookup))
        if options.when is not None and not scope.holds(options.when):
            self._skip(f"its condition does not hold: {scope.explain(options.when)}")
            return
        for variable in options.secrets:
            if not os.environ.get(variable):  # an orchestrator that lacks a secret sets its variable to nothing
                raise StepError(f"the secret variable {variable} is not set")
        ending.with_ = scope.resolve_with()
        if isinstance(options.body, Gate):
            self._judge(options.body, scope)
            return
        if isinstance(options.body, Approval):
            self._heed(options.body)
            return
        self._inputs.fetch(options.inputs)
        ending.inputs = self._inputs.records
        if self._cache.restore(ending, scope):
            self._say(f"nothing has changed since run {ending.cached_from}: its outputs are taken")
        else:
            self._make_outputs(scope)
        ending.outputs = self.outputs.publish()
        ending.status = "succeeded"

    def _refuse_bent(self) -> None:
        options = self._options
        if options.executor_input is not None and (names := bent(options.executor_input, options.params)):
            listed = ", ".join(f"params.{name}" for name in names)
            raise StepError(f"{listed} holds `{{{{$`, which Kubeflow takes for its own placeholder")

    def remember(self) -> None:
        """Let later runs find the outputs; to be called when the record is written."""
        self._cache.remember()

    def _make_outputs(self, scope: Scope) -> None:
        options = self._options
        sight = Sight(self._inputs.paths, self.outputs.paths, self.ending.with_, scope.lookup)
        words, environment = command(options, sight, lambda: self._scratch.folder("exchange"))
        python = isinstance(options.body, Call | Uses)
        reply = self._scratch.folder("exchange") / "reply.json" if python else None
        job = Job(words, environment, options.timeout, reply)
        attempt(job, self.outputs, options.retry, self.ending, self._supervisor, self._say)

    def _judge(self, gate: Gate, scope: Scope) -> None:
        self.ending.attempts = 1
        broken = [line for line in gate.lines if not scope.holds(line)]
        if not broken:
            self.ending.status = "succeeded"
            return
        reason = "the gate does not hold: " + "; ".join(scope.explain(line) for line in broken)
        if gate.otherwise == "stop":
            raise StepError(reason)
        self._skip(reason)

    def _heed(self, approval: Approval) -> None:
        self.ending.attempts = 1
        by = f" by {approval.by}" if approval.by else ""
        if approval.answer == "refused":
            raise StepError(f"refused{by}")
        if approval.answer == "unanswered":
            raise StepError("nobody answered in time")
        self.undecided = approval.answer == "asked"
        self.ending.status = "succeeded"
        self._say("to be approved" if self.undecided else f"approved{by}")

    def _join(self) -> None:
        """Tell whether instances succeeded. Of no instances at all the step has succeeded, too: its list was empty."""
        step, self.undecided = self._options.step, True
        self.ending.status = "succeeded"
        started = self._records.instances(step)
        if started and not any(self._records.succeeded(step, index) for index in started):
            self._skip("all its instances were")

    def _unwanted(self) -> str:
        """Say why a step that is there for the failure of others need not run; nothing when it must."""
        wanted, failed = self._options.when_failed, {name.partition(".")[0] for name in self._records.failures()}
        return "" if not wanted or failed & set(wanted) else f"none of {', '.join(wanted)} has failed"

    def _skip(self, reason: str) -> None:
        self.ending.status = "skipped"
        self.reason = reason

    def _status(self) -> str:
        return self._options.run_status or ("failed" if self._records.failures() else "succeeded")
