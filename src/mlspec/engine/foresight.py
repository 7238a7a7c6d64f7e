"""What a run would take from the cache, and what has changed for all that it would not.

In: a `Plan`, the parameters of the run to come. Out: for each step whether it would run, and why. Owns the walk down the graph: what reads
an output that will be made anew is run, too, as far as anybody can tell before. Never starts, fetches or writes anything of a run.
Change it when there is another reason to run a step or not to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from mlspec.engine.commands import Commands
from mlspec.engine.dates import new_date
from mlspec.engine.errors import NoOutputError, RunError
from mlspec.engine.fan_out import foreach_items, place_of
from mlspec.engine.frontier import Task
from mlspec.engine.kept import fault
from mlspec.engine.params import complete_params, param_variables
from mlspec.engine.states import fan_in, verdict
from mlspec.environments.pins import pins
from mlspec.errors import StepError, StoreError, sentence
from mlspec.exec.artifacts import Inputs, Scratch
from mlspec.exec.cache import applies, oldest
from mlspec.exec.cache_key import CacheKey, cache_key
from mlspec.exec.changes import Changes, nearest
from mlspec.exec.evaluation import Scope
from mlspec.exec.instances import with_each_instance
from mlspec.exec.masking import Masker, secret_values
from mlspec.invocation.from_plan import cacheable
from mlspec.invocation.model import Invocation
from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.groups import upstream_groups
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput
from mlspec.store.cache import CacheEntries
from mlspec.store.ending import Ending
from mlspec.store.filesystem import is_remote, leads_out
from mlspec.store.layout import Place
from mlspec.store.records import Record
from mlspec.store.runs import Runs, new_run_id
from mlspec.terms import Json, StepStatus

Would: TypeAlias = Literal["reuse", "run", "skip", "block"]
"""What becomes of a step: its outputs are taken from a run, it runs, or it does not start."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of a step. `run_id` is the run that lends its outputs; `why` and `changes` say why none does."""

    would: Would
    why: str = ""
    run_id: str | None = None
    changes: Changes | None = None

    def __str__(self) -> str:
        match self.would:
            case "reuse":
                return f"from the cache, as run {self.run_id} has it"
            case "run":
                since = f" since run {self.changes.since}" if self.changes else ""
                return f"runs: {self.changes or self.why}{since}"
            case _:
                return f"{'is skipped' if self.would == 'skip' else 'is blocked'}: {self.why}"

    def as_json(self) -> Json:
        """The value in `mlspec plan --cached --format json`."""
        changed = self.changes.as_json() if self.changes else {}
        return {"would": self.would, "run_id": self.run_id, "why": self.why or None, **changed}


def foresee(
    plan: Plan, project: Path, *, params: Mapping[str, Json] | None = None, date: str | None = None
) -> dict[str, Foreseen]:
    """Say for every step, and every instance that is known already, what a run in `project` would do; `finally` steps aside.

    The current folder and the variables of parameters are those of step processes meanwhile. Raises `ParameterError`, `RunError`,
    `StoreError`.
    """
    project = project.resolve()
    given = complete_params(plan, params or {})
    scratch = Scratch()
    try:
        with _as_step_process(project, given):
            return _Foresight(plan, Runs(plan.lifecycle, plan.store, project), given, new_date(plan, date), scratch).walk()
    finally:
        scratch.clear()


@contextmanager
def _as_step_process(project: Path, params: Mapping[str, Json]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(param_variables(params))
    try:
        with chdir(project):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _MadeAnewError(Exception):
    """What is read will be made anew: nobody knows yet what it will be."""


class _Foresight:
    def __init__(self, plan: Plan, runs: Runs, params: Mapping[str, Json], date: str, scratch: Scratch) -> None:
        self._plan = plan
        self._runs = runs
        self._records = runs.records(new_run_id())  # those of a run that there is not: nothing is read of it
        self._commands = Commands(plan, runs, self._records.run_id, date, params, self._uris)
        self._entries = CacheEntries(runs.store, plan.lifecycle)
        self._scratch = scratch
        self._states: dict[str, StepStatus] = {}
        self._anew: set[str] = set()
        self._instances: dict[str, int] = {}
        self._made: dict[Place, Record] = {}
        self._digests: dict[str, str] = {}
        secrets = {variable for secret in plan.secrets.values() for variable in secret.variables}
        self._mask = Masker(secret_values(sorted(secrets), os.environ)).mask

    def walk(self) -> dict[str, Foreseen]:
        """Go through the steps in their order."""
        found: dict[str, Foreseen] = {}
        for step in self._plan.steps:
            found |= self._of(step)
        return found

    def _of(self, step: Step) -> dict[str, Foreseen]:
        above = [fan_in([self._states[step_id] for step_id in group]) for group in upstream_groups(step, self._plan.by_id)]
        decided = verdict(step.run_if, above, stopped=self._plan.on_failure == "stop" and "failed" in self._states.values())
        if decided != "start":
            self._states[step.id] = decided
            return {step.id: Foreseen("skip" if decided == "skipped" else "block", "of what it needs")}
        self._states[step.id] = "succeeded"
        try:
            if step.foreach is not None:
                return self._each(step)
            return {step.id: self._one(step, Task(step.id), None)}
        except _MadeAnewError as error:
            self._anew.add(step.id)
            return {step.id: Foreseen("run", f"{error} is made anew")}
        except (RunError, StepError, StoreError, OSError) as error:
            self._anew.add(step.id)
            return {step.id: Foreseen("run", sentence(error))}

    def _each(self, step: Step) -> dict[str, Foreseen]:
        def read(source: StepOutput) -> Json:
            return self._commands.read(_known(self._uris(source)[0]))

        items = foreach_items(step, read, self._commands.params)
        self._instances[step.id] = len(items)
        tasks = [Task(step.id, index) for index in range(len(items))]
        return {str(task): self._one(step, task, item) for task, item in zip(tasks, items, strict=True)}

    def _one(self, step: Step, task: Task, item: Json) -> Foreseen:
        if isinstance(step.body, Approval):
            return Foreseen("run", "people are asked each time")
        given = with_each_instance(self._commands.as_process(task, item), self._records)
        inputs = Inputs(self._records, self._scratch)
        scope = Scope(given, lambda address, uri: inputs.read_value(address, _known(uri)), lambda: "succeeded")
        if step.when is not None and not scope.holds(step.when):
            self._states[step.id] = "skipped"
            return Foreseen("skip", f"its condition does not hold: {scope.explain(step.when)}")
        if isinstance(step.body, Gate):
            return self._gate(step, step.body, scope)
        if (why := self._uncached(step, given)) is not None:
            self._anew.add(step.id)
            return Foreseen("run", why)
        ending = Ending()
        ending.with_ = scope.resolve_with()
        ending.inputs = self._inputs(given, inputs)
        key = cache_key(given, ending, scope, self._mask)
        anew = next((uri for each in given.wiring.inputs for uri in _each(each.uri) if uri.startswith(_ANEW)), None)
        found = self._looked_up(step, task, given, key) if anew is None else self._below(step, task, key, anew)
        if found.would == "run":
            self._anew.add(step.id)
        return found

    def _gate(self, step: Step, gate: Gate, scope: Scope) -> Foreseen:
        broken = [line for line in gate.lines if not scope.holds(line)]
        if not broken:
            return Foreseen("run", "gates are looked at each time, and it holds")
        self._states[step.id] = "failed" if gate.otherwise == "stop" else "skipped"
        return Foreseen("run", f"gates are looked at each time, and it does not hold: {scope.explain(broken[0])}")

    def _uncached(self, step: Step, given: Invocation) -> str | None:
        """Why a step is run whatever earlier runs have."""
        if not step.outputs:
            return "it has no outputs, and so is run each time"
        if not cacheable(self._plan, step):
            unasked = not step.inputs and not step.values
            return "it is not cached: it has no inputs" if unasked else "it is not cached: `cache: false`"
        return None if applies(given) else "library steps of other packages are run each time"

    def _looked_up(self, step: Step, task: Task, given: Invocation, key: CacheKey) -> Foreseen:
        place = place_of(step, task.index)
        try:
            found = self._entries.find(key.digest, oldest(given))
            if found is not None:
                run_id, record, _ = found
                remote = is_remote(self._runs.store.base)  # what is there is looked at when it is taken
                if not remote and (why := self._outside(record) or fault(self._runs, record)) is not None:
                    return Foreseen("run", f"run {run_id} cannot lend it: {why}")
                self._made[place] = record
                self._digests |= {made["uri"]: made["digest"] for made in record["outputs"].values()}
                return Foreseen("reuse", run_id=run_id)
        except StoreError as error:
            return Foreseen("run", sentence(error))
        changes = self._changes(step, place, key)
        return Foreseen("run", "" if changes else "it has not been made yet", changes=changes)

    def _outside(self, record: Record) -> str | None:
        """Why a run would not take what lies elsewhere."""
        store = self._runs.store.base
        uris = [str(made["uri"]) for made in record["outputs"].values()]
        out = next((uri for uri in uris if leads_out(store, self._runs.path(uri))), None)
        return None if out is None else f"{out} is not in the store"

    def _below(self, step: Step, task: Task, key: CacheKey, anew: str) -> Foreseen:
        """A step that reads what is made anew, which may turn out to be the same: what has changed beside is said first."""
        found = self._changes(step, place_of(step, task.index), key)
        changes = tuple(change for change in found.changes if change.kind != "inputs") if found else ()
        why = f"{anew.removeprefix(_ANEW)} is made anew"
        return Foreseen("run", why, changes=Changes(found.since, changes) if found and changes else None)

    def _changes(self, step: Step, place: Place, key: CacheKey) -> Changes | None:
        environment = self._plan.environments.get(step.environment or "")
        return nearest(key.parts, self._entries.former(place), pins(environment) if environment else {})

    def _inputs(self, given: Invocation, inputs: Inputs) -> dict[str, Json]:
        """What the record would say of the inputs; what the cache has is not looked at again."""

        def one(uri: str, what: str) -> Json:
            known = "" if uri.startswith(_ANEW) else self._digests.get(uri)
            return inputs.look(uri, what)[1] if known is None else {"digest": known}

        found = {name: [one(each, f"input {name}") for each in _each(uri)] for name, uri in given.wiring.inputs}
        return {name: found[name][0] if isinstance(uri, str) else found[name] for name, uri in given.wiring.inputs}

    def _uris(self, source: StepOutput) -> list[str]:
        """Where the outputs are that a step reads: in the runs that lend them, or nowhere yet. Raises `NoOutputError`."""
        for step_id in source.steps:
            if step_id in self._anew:
                return [f"{_ANEW}{step_id}.{source.output}"]
        steps = [self._plan.by_id[step_id] for step_id in source.steps]
        if source.dynamic:
            places: Sequence[Place] = [place_of(steps[0], index) for index in range(self._instances.get(steps[0].id, 0))]
        else:
            places = [place_of(step) for step in steps]
        found = [str(self._made[place]["outputs"][source.output]["uri"]) for place in places if place in self._made]
        if not found and not source.many:
            raise NoOutputError(f"{source.steps[0]} has no output {source.output}")
        return found


def _each(uri: str | Sequence[str]) -> Sequence[str]:
    return (uri,) if isinstance(uri, str) else uri


_Uri = TypeVar("_Uri", str, str | Sequence[str])


def _known(uri: _Uri) -> _Uri:
    """Return a URI that can be read; raises `_MadeAnewError`."""
    for one in _each(uri):
        if one.startswith(_ANEW):
            raise _MadeAnewError(one.removeprefix(_ANEW))
    return uri


_ANEW = "anew://"
"""Begins the URI of what is not there yet."""


def sentences(found: Mapping[str, Foreseen], step: Step) -> list[str]:
    """The lines of a step: of one with instances, a line for each kind of end that they come to."""
    if step.id in found:
        return [str(found[step.id])]
    instances = {name: one for name, one in found.items() if name.startswith(f"{step.id}[")}
    reused = [name for name, one in instances.items() if one.would == "reuse"]
    others = [f"{name} {one}" for name, one in instances.items() if one.would != "reuse"]
    lines = [f"{len(reused)} of {len(instances)} instances from the cache", *others[:_SHOWN]]
    return [*lines, f"and {len(others) - _SHOWN} more"] if len(others) > _SHOWN else lines


_SHOWN = 5
"""Instances of a `foreach` that have a line."""
