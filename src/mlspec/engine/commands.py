"""The arguments of each step process that a local run starts.

In: a step of the plan and what is known of the run. Out: the arguments of its process, and what its expressions would read.
Owns which arguments depend on the run and not on the step alone; never starts anything.
Change it when the step process must know more of a local run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mlspec.engine.errors import RunError
from mlspec.engine.frontier import Task
from mlspec.environments.identity import identity
from mlspec.exec.evaluation import Scope
from mlspec.expr.values import as_text, own_instance_uri
from mlspec.invocation.arguments import to_arguments
from mlspec.invocation.from_plan import cache_of, cacheable, invocation, run_of, withheld
from mlspec.invocation.model import Invocation, Item, Start, StepEnvironment
from mlspec.ir.bodies import Instance
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput
from mlspec.store.runs import Runs
from mlspec.terms import TRACKERS, Json

Uris = Callable[[StepOutput], list[str]]
"""Where the outputs are that a step reads."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Makes the command lines of one run. `pythons` has an interpreter for each environment that needs its own."""

    plan: Plan
    runs: Runs
    run_id: str
    date: str
    """The time that the run is for."""
    params: Mapping[str, Json]
    uris: Uris
    cache: bool = True
    trace: bool = False
    pythons: Mapping[str, Path] = field(default_factory=dict)

    def arguments(self, task: Task, item: Json, run_status: str | None, restart: int = 0) -> list[str]:
        """Return the arguments of a step process; `item` is for instances of a `foreach`, `restart` for one that vanished.

        A step that is told to end has failed here, whatever `lost` says: it is the run that ends, or a person ended it.
        """
        return to_arguments(self._whole(task, item, run_status, restart))

    def as_process(self, task: Task, item: Json) -> Invocation:
        """Return what the process of a step would make of its arguments."""
        from mlspec.invocation.parse import parse

        return parse(to_arguments(self._whole(task, item, None)))

    def _whole(self, task: Task, item: Json, run_status: str | None, restart: int = 0) -> Invocation:
        step = self.plan.by_id[task.step]
        given = self._invocation(step, run_status, index=task.index)
        if task.index is not None:
            given = given._replace(instance=Instance(task.index), wiring=given.wiring._replace(item=Item(item)))
        if self.trace:
            given = given._replace(policy=given.policy._replace(trace=True))
        elif self.cache and cacheable(self.plan, step):
            given = given._replace(cache=cache_of(step))
        given = given._replace(environment=self._environment(step, given.environment))
        if restart:
            policy = given.policy._replace(retry=given.policy.retry._replace(lost=0))
            given = given._replace(start=given.start._replace(restart=restart), policy=policy)
        return given

    def environ(self, task: Task, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a step's process: ours, but for those of secrets that the step does not list."""
        step = self.plan.by_id[task.step]
        # With credentials of trackers that the step does not list its process tells them, and hides them from the body.
        kept = TRACKERS if self.plan.is_tracked else None
        absent = {name for name in withheld(self.plan, step) if kept is None or not name.startswith(kept)}
        return {name: text for name, text in environ.items() if name not in absent}

    def without_process(self, task: Task, run_status: str | None) -> Invocation:
        """Return the invocation of a step that has no process of its own, for its record and its `when`."""
        step = self.plan.by_id[task.step]
        given = self._invocation(step, run_status, param_text=lambda name: as_text(self.params[name]))
        if task.index is not None:
            given = given._replace(instance=Instance(task.index))
        return given._replace(wiring=given.wiring._replace(outputs=()))

    def scope(self, given: Invocation) -> Scope:
        """Return what the expressions of a step without a process read."""

        def read(_: str, uri: str | Sequence[str]) -> Json:
            return self.read(uri) if isinstance(uri, str) else [self.read(one) for one in uri]

        return Scope(given, read, lambda: given.start.run_status or "succeeded")

    def read(self, uri: str) -> Json:
        """Read a JSON output of this run (`run:…`) or of another; raises `StoreError`."""
        return self.runs.records(self.run_id).read_output(uri) if uri.startswith("run:") else self.runs.read_uri(uri)

    def _invocation(
        self,
        step: Step,
        run_status: str | None,
        param_text: Callable[[str], str | None] = lambda _: None,
        index: int | None = None,
    ) -> Invocation:
        given = invocation(self.plan, step, uris=partial(self._uris_for, index or 0), param_text=param_text)
        # Its parameters are within their limits: a run that breaks them is refused before it starts.
        run = run_of(self.plan)._replace(run_id=self.run_id, project=str(self.runs.project), limits=())
        run = run._replace(spec_digest=self.plan.digest)
        run = run._replace(date=self.date) if step.reads_date else run
        return given._replace(run=run, start=Start(run_status=run_status))

    def _uris_for(self, index: int, source: StepOutput) -> list[str]:
        """What one instance reads: of those that are paired with it, in an earlier run, the one of its own number."""
        found = self.uris(source)
        if not source.dynamic or source.many or found == [own_instance_uri(source.steps[0], source.file_name)]:
            return found
        if index >= len(found) or not found[index]:
            raise RunError(f"there is no {source.steps[0]}[{index}] that made {source.output}: run it first")
        return [found[index]]

    def _environment(self, step: Step, given: StepEnvironment) -> StepEnvironment:
        """Say what an environment is made of, so that a step made in another one is not taken from the cache."""
        if given.name is None:
            return given
        python = self.pythons.get(step.environment or "")
        made_of = identity(self.plan.environments[given.name])
        return given._replace(digest=made_of, python=str(python) if python else None)
