"""Where a step that runs alone finds its inputs: in earlier runs.

In: the runs of a lifecycle, the newest first, or one of them. Out: URIs from their records.
Owns the search; never copies anything. Change it when a step alone should read from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from mlspec.engine.commands import Uris
from mlspec.engine.errors import NoOutputError
from mlspec.engine.fan_out import place_of
from mlspec.engine.selection import Selection
from mlspec.ir.model import Plan
from mlspec.ir.sources import Input, StepOutput, Value
from mlspec.store.layout import Place
from mlspec.store.records import Record
from mlspec.store.runs import Runs


def from_earlier(plan: Plan, runs: Runs, run_ids: Iterable[str]) -> Uris:
    """Return a lookup that takes each output from the first of `run_ids` that has it; it raises `RunError`."""
    candidates = list(run_ids)
    records = cache(lambda run_id: runs.records(run_id).all())

    def uris(source: StepOutput) -> list[str]:
        for run_id in candidates:
            if found := _found(plan, source, records(run_id)):
                return _by_number(found) if source.dynamic and not source.many else list(found.values())
        where = f"run {candidates[0]}" if len(candidates) == 1 else "any run"
        raise NoOutputError(f"{source.steps[0]} has no output {source.output} in {where}: run it first")

    return uris


def check_outputs(selection: Selection, uris: Uris) -> None:
    """Raise `RunError` when the steps to run read an output that `uris` does not find."""
    for step in selection.to_run:
        readers: Sequence[Input | Value] = (*step.inputs, *step.values)
        for reader in readers:
            if isinstance(reader.source, StepOutput):
                uris(reader.source)
        if step.foreach is not None and step.foreach.source is not None:
            uris(step.foreach.source.source)


def _found(plan: Plan, source: StepOutput, records: Mapping[Place, Record]) -> dict[int | None, str]:
    """The output of each instance that made it, by its number, in order."""
    if source.dynamic:
        name = plan.by_id[source.steps[0]].name
        places = sorted((place for place in records if place[0] == name), key=lambda place: place[1] or 0)
    else:
        places = [place for step_id in source.steps if (place := place_of(plan.by_id[step_id])) in records]
    made = [(index, records[name, index]) for name, index in places]
    return {
        index: str(record["outputs"][source.output]["uri"])
        for index, record in made
        if record["status"] == "succeeded" and source.output in record["outputs"]
    }


def _by_number(found: Mapping[int | None, str]) -> list[str]:
    """An output for each instance, of which a reader takes the one of its own number; nothing for one that made none."""
    return [found.get(index, "") for index in range(max(index or 0 for index in found) + 1)]
