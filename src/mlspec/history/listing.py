"""The runs of a lifecycle, each in a few words.

In: the runs of a store, and the plan of their spec. Out: a `Summary` of each, the oldest first. Owns what a list knows of a run and which
of them come from the store's index. A run that is damaged counts as failed: nobody can tell that it succeeded.
Change it when lists should show something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from mlspec.errors import DamagedError
from mlspec.history.model import RunView
from mlspec.history.view import gather
from mlspec.ir.model import Plan
from mlspec.store.index import Index
from mlspec.store.runs import Runs, time_in
from mlspec.terms import Json, RunStatus

_METRICS = 500


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in a list. `order` is when it last began; `error` says what of it is damaged."""

    run_id: str
    status: RunStatus
    steps: Mapping[str, int] = field(default_factory=dict)
    here: bool = True
    order: str = ""
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    metrics: Mapping[str, Json] = field(default_factory=dict)
    """The first 500 of them."""
    only: str | None = None
    error: str | None = None


_NAMES = frozenset(each.name for each in fields(Summary))


def listing(plan: Plan, runs: Runs, *, now: float | None = None) -> list[Summary]:
    """Summarise every run; raises `StoreError`."""
    index = Index(runs.store, runs.lifecycle)
    kept = index.read()
    folders = runs.folders()
    stamps = index.stamps(folders)
    found: list[Summary] = []
    entries: dict[str, Mapping[str, Json]] = {}
    for run_id in folders:
        entry = kept.get(run_id)
        stamp = stamps.get(run_id)
        if entry is not None and stamp and entry.get("stamp") == stamp and entry.get("spec") in ("", plan.digest):
            summary = _read(entry)
        else:
            entry, summary = None, None
        if summary is None:
            summary = _summary(plan, runs, run_id, now)
            if summary is None:
                continue
            if stamp and summary.error is None and summary.status in ("succeeded", "failed"):
                entry = {
                    "stamp": stamp,
                    "spec": "" if summary.here else plan.digest,
                    "run": {name: getattr(summary, name) for name in sorted(_NAMES)},
                }
        if entry is not None:
            entries[run_id] = entry
        found.append(summary)
    if entries != kept:
        index.keep(entries)
    return sorted(found, key=lambda summary: (summary.order, summary.run_id))


def _read(entry: Mapping[str, Json]) -> Summary | None:
    """The summary in an entry; None where the index is damaged."""
    run = entry.get("run")
    if not isinstance(run, dict) or run.keys() != _NAMES:
        return None
    if not all(isinstance(run[name], dict) for name in ("steps", "params", "metrics")):
        return None
    return Summary(**run)


def _summary(plan: Plan, runs: Runs, run_id: str, now: float | None) -> Summary | None:
    """What a list says of a run; None for a folder without a manifest and without a record."""
    try:
        view = gather(plan, runs, run_id, now=now)
    except DamagedError as error:
        return Summary(run_id, "failed", order=time_in(run_id), error=str(error))
    if not view.here and not view.damage and all(step.started is None for step in view.steps.values()):
        return None
    return _of(view)


def _of(view: RunView) -> Summary:
    last = max((step.started for step in view.steps.values() if step.started), default=None)
    damaged = next((step.error for step in view.steps.values() if step.damaged), None)
    return Summary(
        run_id=view.run_id,
        status=view.status,
        steps=dict(Counter(step.status for step in view.steps.values())),
        here=view.here,
        order=view.resumed or (view.started if view.here else last) or time_in(view.run_id),
        started=view.started,
        ended=view.ended,
        seconds=None if view.seconds is None else round(view.seconds, 3),
        params=dict(view.params),
        metrics=dict(list(view.metrics.items())[:_METRICS]),
        only=view.only,
        error=damaged,
    )
