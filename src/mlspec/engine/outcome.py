"""How a run ended, step by step, whoever ran it.

In: a run in a store, and its plan unless the run was made here. Out: a `RunOutcome`.
Owns how records are read back; never starts anything. What a step without a record came to follows from `states`.
Change it when a run leaves other traces of how it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, cast

from mlspec.engine.errors import RunError
from mlspec.engine.fan_out import foreach_items, place_of
from mlspec.engine.results import RunOutcome, RunWarning, StepOutcome
from mlspec.engine.states import Verdict, derive, fan_in, paired_verdict, run_status
from mlspec.errors import DamagedError, StoreError
from mlspec.ir.bodies import Instance
from mlspec.ir.describe import id_of
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput
from mlspec.store import layout, lineage
from mlspec.store.layout import Place
from mlspec.store.records import Record
from mlspec.store.runs import LATEST, Runs
from mlspec.terms import Json, RunStatus, StepStatus


def existing(runs: Runs, run_id: str) -> str:
    """Return `run_id`, or for `latest` the newest one; raises `RunError` when there is no such run."""
    found = runs.find(run_id)
    if found is None:
        which = "" if run_id == LATEST else f" {run_id!r}"
        raise RunError(f"{runs.lifecycle} has no run{which} in {runs.store.base}")
    return found


OnDamage: TypeAlias = Callable[[Place, DamagedError], None]
"""What is told of damaged records, which then count as none; without it they are an error."""


def outcome(plan: Plan, runs: Runs, run_id: str, on_damage: OnDamage | None = None) -> RunOutcome:
    """Tell how a run ended; `run_id` may be `latest`. Raises `RunError` when there is no such run.

    A run made here is read from its manifest, for the spec may have changed since; any other one from its records. Raises
    `DamagedError` when one of them cannot be read.
    """
    run_id = existing(runs, run_id)
    if runs.manifest(run_id) is not None:
        return local_outcome(runs, run_id, on_damage)
    records = runs.records(run_id).all(on_damage)
    problems = tuple(lineage.sentences(records, _above(plan)))
    steps = {step_id: StepOutcome(status, record) for step_id, status, record in _read_back(plan, runs, run_id, dict(records))}
    status = "failed" if problems else run_status(step.status for step in steps.values())
    return RunOutcome(run_id, status, steps, warnings=_warnings(runs, run_id, records, steps), problems=problems, runs=runs)


def local_outcome(runs: Runs, run_id: str, on_damage: OnDamage | None = None) -> RunOutcome:
    """Tell how a run that was made here ended, without its spec; raises `RunError` for any other, and `DamagedError`.

    One that says it is running is interrupted when no process makes it any more.
    """
    run_id = existing(runs, run_id)
    manifest = runs.manifest(run_id)
    if manifest is None:
        raise RunError(f"run {run_id} was not made by `mlspec run`: its spec is needed to tell how it ended")
    records = runs.records(run_id).all(on_damage)
    steps = {}
    for step_id, entry in manifest["steps"].items():
        record = records.get((entry["step"], entry["index"]))
        steps[step_id] = StepOutcome(record["status"] if record else entry["status"], record)
    status = cast(RunStatus, manifest["status"])
    if status == "running" and not runs.lives(run_id):
        if (runs.manifest(run_id) or manifest) != manifest:  # it ended between the two looks, and gave up its lease
            return local_outcome(runs, run_id, on_damage)
        status = "interrupted"
    return RunOutcome(run_id, status, steps, manifest, _warnings(runs, run_id, records, steps), runs=runs)


def _above(plan: Plan) -> dict[str, set[str]]:
    """The names of the steps right above each, by its name: of all its instances."""
    found: dict[str, set[str]] = {}
    for step in plan.steps:
        found.setdefault(step.name, set()).update(plan.by_id[name].name for name in step.upstream)
    return found


def _warnings(
    runs: Runs, run_id: str, records: Mapping[Place, Record], steps: Mapping[str, StepOutcome]
) -> tuple[RunWarning, ...]:
    """What was kept of steps that have these records, in the order of the steps; who says the same is named together."""
    ids = {id(step.record): step_id for step_id, step in steps.items() if step.record is not None}
    found: dict[str, list[str]] = {}
    order = list(steps)
    for place, messages in runs.records(run_id).warnings(records).items():
        for message in messages:
            found.setdefault(message, []).append(ids.get(id(records[place]), place[0]))
    named = {message: sorted(of, key=lambda step: order.index(step) if step in steps else 0) for message, of in found.items()}
    return tuple(RunWarning(message, tuple(of)) for message, of in sorted(named.items(), key=lambda item: item[1]))


def _read_back(
    plan: Plan, runs: Runs, run_id: str, records: dict[Place, Record]
) -> Iterator[tuple[str, StepStatus, Record | None]]:
    """Yield id, state and record of every step and instance, in the order of the plan.

    Last come steps that left a record and are not in the plan: the spec has changed since, or was compiled with a profile.
    """
    last = {step.name for step in plan.finals}
    # A `finally` step starts when all others are over, so that a process that cannot be asked from here has vanished.
    over = any(name in last for name, _ in records)
    vanished = {layout.place_of(entry) for entry in runs.records(run_id).vanished(over=over, finals=True, abandoned=True)}
    gone = vanished - records.keys()
    failed = any(name not in last and record["status"] == "failed" for (name, _), record in records.items())
    failed = failed or any(name not in last for name, _ in gone)
    unstarted: StepStatus = "blocked" if failed and plan.on_failure == "stop" else "pending"
    recorded: dict[str, StepStatus] = {step.id: "failed" for step in plan.all_steps() if place_of(step) in gone}
    recorded |= {step.id: _status(records[place_of(step)]) for step in plan.all_steps() if place_of(step) in records}
    instances: dict[str, list[StepStatus]] = {}
    empty: set[str] = set()
    for step in plan.all_steps():
        if step.foreach is None or step.id in recorded:
            continue
        started = {index: record for (name, index), record in records.items() if name == step.name and index is not None}
        kept = runs.records(run_id).items(step.name)
        count = _count(plan, step, runs, records) if kept is None else len(kept)
        lost = {index for name, index in gone if name == step.name and index is not None}
        if started or lost:
            size = max(count or 0, *(index + 1 for index in (*started, *lost)), 0)
            states = [
                _status(started[index])
                if index in started
                else "failed"
                if index in lost
                else _unless_paired(paired_verdict(step, index, instances), unstarted)
                for index in range(size)
            ]
            instances[step.id], recorded[step.id] = states, fan_in(states)
        elif count == 0:
            empty.add(step.id)
    ended = derive(plan, recorded, empty, instances)
    for step in plan.all_steps():
        if step.id not in instances:
            yield step.id, ended[step.id], records.pop(place_of(step), None)
            continue
        for index, state in enumerate(instances[step.id]):
            yield f"{step.id}[{index}]", state, records.pop(place_of(step, index), None)
    fanned_out = {step.name for step in plan.all_steps() if step.foreach is not None}
    for place, record in records.items():
        if place[0] not in fanned_out:
            yield _id_of(place, record), _status(record), record


def _unless_paired(decided: Verdict, unstarted: StepStatus) -> StepStatus:
    """The state of an instance that never started: that of the instances that it is paired with comes first."""
    return unstarted if decided == "start" else decided


def _id_of(place: Place, record: Record) -> str:
    """The id of a step by its record alone."""
    name, index = place
    match record.get("instance"):
        case dict(values) if index is not None:
            return id_of(name, Instance(index, tuple(values.items())))
        case _:
            return name if index is None else f"{name}[{index}]"


def _status(record: Record) -> StepStatus:
    return cast(StepStatus, record["status"])


def _count(plan: Plan, step: Step, runs: Runs, records: Mapping[Place, Record]) -> int | None:
    """Return the length of a `foreach` step's list; None when this run has none, or none any more."""

    def read(source: StepOutput) -> Json:
        record = records.get(place_of(plan.by_id[source.steps[0]]))
        if record is None or source.output not in record["outputs"]:
            raise RunError("the list was never made")
        return runs.read_uri(record["outputs"][source.output]["uri"])

    try:
        return len(foreach_items(step, read, {}))  # a list in a parameter was kept when the run listed it
    except (RunError, StoreError):
        return None
