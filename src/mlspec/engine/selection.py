"""Which steps a run starts, and which it takes as they are.

In: a plan, and what `run` was asked for: everything, one step alone, or the rest of a run. Out: a `Selection`.
Owns what `--resume` keeps and what "the same step" means to it; never starts anything.
Change it when there is another way to run a part of a lifecycle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mlspec.engine.errors import RunError
from mlspec.engine.fan_out import place_of
from mlspec.engine.kept import fault
from mlspec.engine.outcome import outcome
from mlspec.engine.params import complete_params
from mlspec.engine.results import RunOutcome
from mlspec.engine.states import fan_in
from mlspec.environments.identity import identity
from mlspec.errors import DamagedError
from mlspec.ir.bodies import Retry
from mlspec.ir.declarations import Resources
from mlspec.ir.model import Plan, Step
from mlspec.store.layout import Place
from mlspec.store.runs import Runs
from mlspec.terms import Json, StepStatus


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a plan to run."""

    run_id: str
    steps: tuple[Step, ...]
    finals: tuple[Step, ...]
    params: Mapping[str, Json]
    kept: Mapping[str, StepStatus] = field(default_factory=dict)
    """The steps whose results stay."""
    instances: Mapping[str, list[StepStatus]] = field(default_factory=dict)
    """The instances of kept `foreach` steps."""
    only: str | None = None
    date: str = ""
    """The time that the run is for; until it is known, empty."""
    resumes: RunOutcome | None = None

    @property
    def to_run(self) -> tuple[Step, ...]:
        """The steps to run: those that keep their results left out."""
        return (*(step for step in self.steps if step.id not in self.kept), *self.finals)


def whole(plan: Plan, run_id: str, given: Mapping[str, Json]) -> Selection:
    """Everything, from the start. Raises `ParameterError`."""
    return Selection(run_id, plan.steps, plan.finals, complete_params(plan, given))


def alone(plan: Plan, run_id: str, name: str, given: Mapping[str, Json]) -> Selection:
    """One step, by its id or its name (then all instances of its matrix); raises `RunError` when there is none."""
    steps = tuple(step for step in plan.steps if name in (step.id, step.name))
    finals = tuple(step for step in plan.finals if name in (step.id, step.name))
    if not steps and not finals:
        raise RunError(f"there is no step {name!r}; the plan has: {', '.join(plan.by_id)}")
    return Selection(run_id, steps, finals, complete_params(plan, given), only=name)


def rest(
    plan: Plan, runs: Runs, run_id: str, given: Mapping[str, Json], on_fault: Callable[[str, str], None] = lambda *_: None
) -> Selection:
    """What a run has not done yet, under its own id and with its own parameters.

    A step keeps its result when it succeeded or was skipped, means the same as then, and all above it keep theirs; the
    `finally` steps run again. One whose record or outputs are not what they were does not: `on_fault` is told which, and why.
    Raises `RunError`, `ParameterError`, and `DamagedError` for the manifest.
    """
    damaged: dict[Place, str] = {}

    def note(place: Place, error: DamagedError) -> None:
        damaged[place] = str(error)

    before = outcome(plan, runs, run_id, note)
    then = before.manifest or {"params": {}, "meanings": {}}
    params = complete_params(plan, {**{name: then["params"][name] for name in _shared(plan, then)}, **given})
    for name in _shared(plan, then):
        if params[name] != then["params"][name]:
            raise RunError(f"run {before.run_id} has another {name}: a resumed run keeps its parameters; start a new one")
    kept: dict[str, StepStatus] = {}
    instances: dict[str, list[StepStatus]] = {}
    for step in plan.steps:
        states = _instances(before, step)
        state = fan_in(states) if states else before.steps[step.id].status if step.id in before.steps else "pending"
        same = then["meanings"].get(step.id) in (None, meaning(plan, step))
        if state in ("succeeded", "skipped") and same and all(above in kept for above in step.upstream):
            if (why := _fault(runs, before, step, len(states), damaged)) is not None:
                on_fault(step.id, why)
                continue
            kept[step.id] = state
            if step.foreach is not None:
                instances[step.id] = states
    return Selection(before.run_id, plan.steps, plan.finals, params, kept, instances, resumes=before)


def _fault(runs: Runs, before: RunOutcome, step: Step, count: int, damaged: Mapping[Place, str]) -> str | None:
    """Say why a step or one of its `count` instances cannot be kept; those that never started have nothing to look at."""
    ids = [f"{step.id}[{index}]" for index in range(count)] if step.foreach is not None else [step.id]
    for index, step_id in enumerate(ids):
        found = before.steps[step_id]
        if found.status != "succeeded":
            continue
        place = place_of(step, index if step.foreach is not None else None)
        if (why := damaged.get(place) or fault(runs, found.record)) is not None:
            return why
    return None


def meaning(plan: Plan, step: Step) -> str:
    """Return a digest of what could change the results of a step: all of it but texts, places, retries, caching and resources."""
    bare = replace(
        replace(step, cache=True, cache_for=None, cache_key=""),
        span=None,
        description="",
        extensions={},
        retry=Retry(),
        resources=Resources(),
        timeout=None,
        parallel=None,
    )
    environment = plan.environments.get(step.environment or "")
    around = (identity(environment), environment.pythonpath, environment.env) if environment else None
    return hashlib.sha256(repr((bare, around)).encode()).hexdigest()[:16]


def _shared(plan: Plan, manifest: Mapping[str, Json]) -> list[str]:
    return [parameter.name for parameter in plan.params if parameter.name in manifest["params"]]


def _instances(before: RunOutcome, step: Step) -> list[StepStatus]:
    """The states of a `foreach` step's instances, in order; none for any other step, or an empty list."""
    states: list[StepStatus] = []
    while (found := before.steps.get(f"{step.id}[{len(states)}]")) is not None:
        states.append(found.status)
    return states
