"""What trackers are told: of a step that has ended, and of the run that it is of.

In: a record, and what its process knew beyond it. Out: values from which MLflow's tree and OpenLineage's events are made, the same
at the end of a step and years later. Owns which those are and their JSON; never talks to anybody. Standard library only.
Change it when a tracker should know more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from mlspec.store.layout import Place
from mlspec.store.records import Record
from mlspec.terms import Json

Columns = list[tuple[str, str]]
"""Names of columns and their types, in order."""


class RunFacts(NamedTuple):
    """A run as a whole, as far as one of its steps knows it."""

    lifecycle: str
    run_id: str
    started: str
    """When the first of its steps started, by whoever says it first."""
    date: str = ""
    """The time that it is for."""
    params: Mapping[str, Json] = {}
    spec_digest: str = ""
    commit: str = ""
    repository: str = ""
    lock: str = ""
    """The digest of its lock file."""
    description: str = ""
    owners: tuple[str, ...] = ()


class StepFacts(NamedTuple):
    """A step that has ended: its record, and what that does not say. `label` is its id, `train[depth=2]`."""

    run: RunFacts
    label: str
    place: Place
    record: Record
    body: str = ""
    """What it ran: `run`, `call`, `gate`, `approval`, or the name of a library step."""
    metrics: Mapping[str, Mapping[str, float]] = {}
    types: Mapping[str, str] = {}
    """What its inputs are: the types of the outputs that they were made as."""
    sources: Mapping[str, Any] = {}
    """Which outputs of this run its inputs are, `train[depth=2].model`; of a list, each."""
    columns: Mapping[str, Columns] = {}
    """Of datasets, as `inputs.NAME` and `outputs.NAME`."""
    quality: Mapping[str, Any] = {}
    """What was checked of its inputs, by name: what `data/validate` found."""

    def noted(self) -> Mapping[str, Json]:
        """What is kept beside the record."""
        kept = {**self.run._asdict(), **self._asdict()}
        left_out = ("run", "place", "record", "lifecycle", "run_id")
        plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in kept.items()}
        return {name: value for name, value in plain.items() if value and name not in left_out}


def read_back(run: RunFacts, place: Place, label: str, record: Record, noted: Mapping[str, Any] | None) -> StepFacts:
    """Return the facts that were kept of a step; of one whose process kept none, as far as its record and its run tell."""
    found = noted or {}
    of_run = {name: found[name] for name in RunFacts._fields if name in found}
    of_run = {name: tuple(value) if name == "owners" else value for name, value in of_run.items()}
    of_step = {name: found[name] for name in ("body", "metrics", "types", "sources", "quality") if name in found}
    columns = {name: [(str(column), str(kind)) for column, kind in of] for name, of in found.get("columns", {}).items()}
    label = str(found.get("label") or label)
    return StepFacts(run._replace(**of_run), label, place, record, columns=columns, **of_step)


def value_text(value: Json) -> str:
    """A value as trackers show it: strings as they are, everything else compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
