"""Where a step that runs alone finds its inputs: in earlier runs.

In: the runs of a lifecycle, the newest first, or one of them. Out: URIs from their records.
Owns the search; never copies anything. Change it when a step alone should read from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from mlspec.engine.commands import Uris
from mlspec.engine.errors import RunError
from mlspec.engine.fan_out import place_of
from mlspec.engine.selection import Selection
from mlspec.ir.model import Input, Plan, StepOutput, Value
from mlspec.store.layout import Place
from mlspec.store.records import Record
from mlspec.store.runs import Runs


def from_earlier(plan: Plan, runs: Runs, run_ids: Iterable[str]) -> Uris:
    """Return a lookup that takes each output from the first of `run_ids` that has it; it raises `RunError`."""
    candidates = list(run_ids)
    records = cache(lambda run_id: runs.records(run_id).all())

    def uris(source: StepOutput) -> list[str]:
        for run_id in candidates:
            found = [
                str(record["outputs"][source.output]["uri"])
                for record in _of(plan, source, records(run_id))
                if record["status"] == "succeeded" and source.output in record["outputs"]
            ]
            if found:
                return found
        where = f"run {candidates[0]}" if len(candidates) == 1 else "any run"
        raise RunError(f"{source.steps[0]} has no output {source.output} in {where}: run it first")

    return uris


def check_inputs(selection: Selection, uris: Uris) -> None:
    """Raise `RunError` when the steps to run read an output that `uris` does not find."""
    for step in selection.to_run:
        readers: Sequence[Input | Value] = (*step.inputs, *step.values)
        for reader in readers:
            if isinstance(reader.source, StepOutput):
                uris(reader.source)
        if step.foreach is not None and step.foreach.source is not None:
            uris(step.foreach.source.source)


def _of(plan: Plan, source: StepOutput, records: Mapping[Place, Record]) -> list[Record]:
    if source.dynamic:
        name = plan.by_id[source.steps[0]].name
        return [records[place] for place in sorted((p for p in records if p[0] == name), key=lambda p: p[1] or 0)]
    places = [place_of(plan.by_id[step_id]) for step_id in source.steps]
    return [records[place] for place in places if place in records]
