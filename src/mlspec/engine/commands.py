"""The command line of each step process that a local run starts.

In: a step of the plan and what is known of the run. Out: the command of its process, and what its expressions would read.
Owns which arguments depend on the run and not on the step alone; never starts anything.
Change it when the step process must know more of a local run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlspec.engine.frontier import Task
from mlspec.environments.identity import identity
from mlspec.exec.evaluation import Scope
from mlspec.expr.values import as_text
from mlspec.invocation.arguments import to_arguments
from mlspec.invocation.from_plan import cacheable, invocation, run_of
from mlspec.invocation.model import Cache, Invocation, Item, Start, StepEnvironment
from mlspec.ir.bodies import Instance
from mlspec.ir.model import Plan, Step, StepOutput
from mlspec.store.runs import Runs
from mlspec.terms import Json

Uris = Callable[[StepOutput], list[str]]
"""Where the outputs are that a step reads."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Makes the command lines of one run. `pythons` has an interpreter for each environment that needs its own."""

    plan: Plan
    runs: Runs
    run_id: str
    params: Mapping[str, Json]
    uris: Uris
    cache: bool = True
    pythons: Mapping[str, Path] = field(default_factory=dict)

    def arguments(self, task: Task, item: Json, run_status: str | None) -> list[str]:
        """Return the whole command of a step process; `item` is for instances of a `foreach`."""
        step = self.plan.by_id[task.step]
        given = self._invocation(step, run_status)
        if task.index is not None:
            given = given._replace(instance=Instance(task.index), wiring=given.wiring._replace(item=Item(item)))
        if self.cache and cacheable(self.plan, step):
            given = given._replace(cache=Cache())
        given = given._replace(environment=self._environment(step, given.environment))
        return [sys.executable, "-P", "-m", "mlspec", "exec", *to_arguments(given)]

    def without_process(self, task: Task, run_status: str | None) -> Invocation:
        """Return the invocation of a step that has no process of its own, for its record and its `when`."""
        step = self.plan.by_id[task.step]
        given = self._invocation(step, run_status, param_text=lambda name: as_text(self.params[name]))
        if task.index is not None:
            given = given._replace(instance=Instance(task.index))
        return given._replace(wiring=given.wiring._replace(outputs=()))

    def scope(self, given: Invocation) -> Scope:
        """Return what the expressions of a step without a process read."""
        return Scope(given, lambda _, uri: self.read(uri), lambda: given.start.run_status or "succeeded")

    def read(self, uri: str) -> Json:
        """Read a JSON output of this run (`run:…`) or of another; raises `StoreError`."""
        return self.runs.records(self.run_id).read_output(uri) if uri.startswith("run:") else self.runs.read_uri(uri)

    def _invocation(
        self, step: Step, run_status: str | None, param_text: Callable[[str], str | None] = lambda _: None
    ) -> Invocation:
        given = invocation(self.plan, step, uris=self.uris, param_text=param_text)
        run = run_of(self.plan)._replace(run_id=self.run_id, project=str(self.runs.project))
        return given._replace(run=run, start=Start(run_status=run_status))

    def _environment(self, step: Step, given: StepEnvironment) -> StepEnvironment:
        """Say what an environment is made of, so that a step made in another one is not taken from the cache."""
        if given.name is None:
            return given
        python = self.pythons.get(step.environment or "")
        made_of = identity(self.plan.environments[given.name])
        return given._replace(digest=made_of, python=str(python) if python else None)
