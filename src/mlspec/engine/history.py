"""How long the steps of a plan took in past runs.

In: a plan and its runs on this machine. Out: the median of each step's last times. Owns which runs count: the last few in which the
step did its work itself and succeeded. Never writes; what cannot be read counts as not there.
Change it when a better past is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

from mlspec.engine.fan_out import place_of
from mlspec.errors import StoreError
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.store.filesystem import is_remote
from mlspec.store.records import Record, Records
from mlspec.store.runs import Runs

_TIMES = 5
"""Runs of which the median is taken."""
_LOOKED_AT = 20
"""Runs that are looked at for them, the newest first."""
_MOST = 1000
"""Records of each time that is wanted; of a plan with more steps fewer times are."""


class Past(NamedTuple):
    """How long a step took: the median of `runs` times."""

    seconds: float
    runs: int


def past(plan: Plan, project: Path) -> dict[str, Past]:
    """The past of each step that has one. A remote store is not asked: a plan is made without a network."""
    if is_remote(plan.store):
        return {}
    runs = Runs(plan.lifecycle, plan.store, project)
    found: dict[str, list[float]] = {}
    left = [step for step in plan.all_steps() if not isinstance(step.body, Approval)]
    times = min(_TIMES, 1 + _MOST // (len(left) + 1))
    with suppress(StoreError):
        for run_id in runs.ids()[: -_LOOKED_AT - 1 : -1]:
            records = runs.records(run_id)
            for step in left:
                if (seconds := _seconds(records, step)) is not None:
                    found.setdefault(step.id, []).append(seconds)
            left = [step for step in left if len(found.get(step.id, ())) < times]
    return {step_id: Past(round(median(times), 3), len(times)) for step_id, times in found.items()}


def _seconds(records: Records, step: Step) -> float | None:
    """How long a step took in one run; of a `foreach`, from the start of its first instance to the end of the last."""
    try:
        indices: Sequence[int | None] = records.instances(step.name) if step.foreach is not None else (None,)
        read = [records.read(*place_of(step, index)) for index in indices]
        times = [_times(record) for record in read]
    except (StoreError, ValueError):
        return None
    whole = [one for one in times if one is not None]
    if not whole or len(whole) < len(times):
        return None
    return (max(end for _, end in whole) - min(start for start, _ in whole)).total_seconds()


def _times(record: Record | None) -> tuple[datetime, datetime] | None:
    if record is None or record["status"] != "succeeded" or record.get("cached_from") is not None:
        return None
    return datetime.fromisoformat(str(record["started"])), datetime.fromisoformat(str(record["ended"]))
