"""Which runs of a lifecycle may go, and why others stay.

In: a plan, its runs, what is to be kept. Out: a `Cleanup`: runs that go and what that frees, runs that stay and why. Owns what a run is
needed for: it is in progress, a registered version or the deployment in use came from it, another run that stays took outputs from it.
Never removes what it did not list. Change it when runs are needed for something else.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlspec.engine.fan_out import place_of
from mlspec.engine.litter import abandoned_scratch, dead_entries
from mlspec.errors import DamagedError, StoreError
from mlspec.ir.bodies import Uses
from mlspec.ir.model import Plan
from mlspec.store import layout, marks
from mlspec.store.files import remove
from mlspec.store.layout import Place
from mlspec.store.leases import LeaseError
from mlspec.store.records import Record
from mlspec.store.removal import left_behind, remove_left_behind, remove_run
from mlspec.store.runs import Runs
from mlspec.store.sizes import Sizes
from mlspec.terms import Json
from mlspec.tracking.registered import SQLITE, Version, asked

_MODELS = "models:/"
_REGISTER = "mlflow/register"
_DEFAULT_REGISTRY = "sqlite:///.mlspec/mlflow.db"
"""That of `mlflow/register`."""
_QUIET = 24 * 3600.0
"""Seconds after its last sign of life in which an orchestrator may still be at work on a run: of those it makes there is no lease."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What stays in any case: the newest `keep` runs, and those that began less than `older` seconds ago. All others go, or with
    `max_size` only as many of them, the oldest first, as it takes until the rest has no more bytes than that.
    """

    keep: int | None = None
    older: float | None = None
    max_size: int | None = None

    @property
    def are_given(self) -> bool:
        """Whether any run may go at all."""
        return (self.keep, self.older, self.max_size) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Going:
    """A run that goes: when it began, and the bytes of what it has, whoever shares them."""

    run_id: str
    started: str
    size: int


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What goes, and what stays for a reason although it lies outside of the bounds. `litter` are paths in the store, `entries`
    those of the cache that lead to no run any more, `scratch` folders.
    """

    going: tuple[Going, ...] = ()
    needed: Mapping[str, str] = field(default_factory=dict)
    freed: int = 0
    left: int = 0
    litter: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    scratch: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def find_cleanup(plan: Plan, runs: Runs, bounds: Bounds) -> Cleanup:
    """Find what may go. Raises `StoreError`."""
    ids = runs.ids()
    found = _Needs(plan, runs, ids)
    sizes = Sizes(runs.store, {run_id: runs.records(run_id).run for run_id in ids})
    outside = _outside(ids, found.started, bounds) if bounds.are_given else []
    needed = {run_id: why for run_id in outside if (why := found.reasons.get(run_id))}
    going = [run_id for run_id in outside if run_id not in needed]
    going, sources = found.without_sources(going, set(ids) - set(going))
    if bounds.max_size is not None:
        going = _until(going, sizes, bounds.max_size)
        sources = {run_id: why for run_id, why in sources.items() if found.lends(run_id, set(ids) - set(going))}
    busy = frozenset(run_id for run_id in ids if run_id in found.busy)
    freed = sizes.freed(going)
    return Cleanup(
        tuple(Going(run_id, found.started[run_id], sizes.of(run_id)) for run_id in going),
        needed | sources,
        freed,
        sizes.total - freed,
        tuple(left_behind(runs.store, plan.lifecycle, busy)),
        tuple(dead_entries(runs, set(ids) - set(going))),
        tuple(abandoned_scratch()),
        tuple(found.notes),
    )


def clean(plan: Plan, runs: Runs, cleanup: Cleanup) -> list[str]:
    """Do it; returns what could not be done, a sentence each. A run that has been taken up since is left alone."""
    problems = []
    for run in cleanup.going:
        try:
            remove_run(runs.store, plan.lifecycle, run.run_id)
        except LeaseError:
            problems.append(f"run {run.run_id} is in progress now, and stays")
        except StoreError as error:
            problems.append(f"run {run.run_id} is not removed: {error}")
    remove_left_behind(runs.store, [*cleanup.entries, *cleanup.litter])
    for folder in cleanup.scratch:
        remove(folder)
    return problems


def _outside(ids: list[str], started: Mapping[str, str], bounds: Bounds) -> list[str]:
    """The runs that nothing keeps, the oldest first."""
    kept = set(ids[len(ids) - bounds.keep :]) if bounds.keep else set()
    if bounds.older is not None:
        limit = datetime.datetime.fromtimestamp(time.time() - bounds.older, datetime.UTC).isoformat()
        kept |= {run_id for run_id in ids if started[run_id] >= limit}
    return [run_id for run_id in ids if run_id not in kept]


def _until(going: list[str], sizes: Sizes, max_size: int) -> list[str]:
    """As many runs from the front as it takes."""
    for count in range(len(going) + 1):
        if sizes.total - sizes.freed(going[:count]) <= max_size:
            return going[:count]
    return going


class _Needs:
    """What runs are needed for. `busy` are those in progress, `notes` what could not be found out."""

    def __init__(self, plan: Plan, runs: Runs, ids: list[str]) -> None:
        self._plan = plan
        self._runs = runs
        self._records = {run_id: self._read(run_id) for run_id in ids}
        self._readers: dict[str, list[str]] = {}
        for run_id in ids:
            for source in {record["cached_from"] for record in self._records[run_id].values() if record["cached_from"]}:
                self._readers.setdefault(source, []).append(run_id)
        self.started = {run_id: self._started(run_id) for run_id in ids}
        self.busy = {run_id: why for run_id in ids if (why := self._progress(run_id))}
        self.notes: list[str] = []
        self.reasons = {**self._deployed(ids), **self._registered(ids), **self.busy}

    def without_sources(self, going: list[str], staying: set[str]) -> tuple[list[str], dict[str, str]]:
        """Leave out those that lent outputs to runs that stay, and so on; returns the rest, and why the others stay."""
        sources: dict[str, str] = {}
        for run_id in reversed(going):  # newest first: what lends is older
            reader = self.lends(run_id, staying)
            if reader:
                sources[run_id] = f"run {reader} took outputs from it"
                staying = {*staying, run_id}
        return [run_id for run_id in going if run_id not in sources], sources

    def lends(self, run_id: str, staying: set[str]) -> str | None:
        """A run among those that stay which has outputs from this one."""
        return next((reader for reader in self._readers.get(run_id, ()) if reader in staying), None)

    def _read(self, run_id: str) -> dict[Place, Record]:
        return self._runs.records(run_id).all(lambda place, error: None)

    def _started(self, run_id: str) -> str:
        try:
            manifest = self._runs.manifest(run_id)
        except DamagedError:
            manifest = None
        if manifest is not None:
            return str(manifest.get("resumed") or manifest["started"])
        return max((str(record["started"]) for record in self._records[run_id].values()), default="")

    def _progress(self, run_id: str) -> str | None:
        """Why a run may be in progress. Of one that an orchestrator makes, nobody here knows when it is over."""
        if self._runs.lives(run_id):
            return "it is in progress"
        records = self._runs.records(run_id)
        limit = datetime.datetime.fromtimestamp(time.time() - _QUIET, datetime.UTC).isoformat()
        for name in self._runs.store.names(layout.marks_folder(records.run)):
            mark = None if name.startswith(".") else records.started(*layout.place_of(name))
            alive = marks.is_alive(mark.owner) if mark is not None else False
            if alive or (alive is None and mark is not None and mark.started >= limit):
                return f"step {name} of it runs"
        try:
            made_here = self._runs.manifest(run_id) is not None
        except DamagedError:
            made_here = True
        last = max((str(record["ended"]) for record in self._records[run_id].values()), default="")
        return "an orchestrator may still be at work on it" if not made_here and last >= limit else None

    def _registered(self, ids: list[str]) -> dict[str, str]:
        """The oldest run that has each version which is still registered; of a registry that is silent, all that have one."""
        first: dict[Version, list[str]] = {}
        for run_id in ids:
            for version in self._versions(run_id):
                first.setdefault(version, []).append(run_id)
        if not first:
            return {}
        gone: set[Version] = set()
        silent = ""
        for uri in self._registries():
            answer = asked(uri, first)
            silent = silent or answer.silent
            gone = set(answer.gone) if not gone else gone & answer.gone
        if silent:
            self.notes.append(f"every run with a registered version stays, for its registry could not be asked: {silent}")
        kept = {
            version: run_ids if silent else run_ids[:1] for version, run_ids in first.items() if silent or version not in gone
        }
        return {
            run_id: f"{name} version {number} came from it" for (name, number), run_ids in kept.items() for run_id in run_ids
        }

    def _versions(self, run_id: str) -> Iterator[Version]:
        for record in self._records[run_id].values():
            for made in record["outputs"].values() if record["status"] == "succeeded" else ():
                value = self._value(made) if made.get("type") == "values" else None
                if isinstance(value, dict) and str(value.get("uri", "")).startswith(_MODELS) and "version" in value:
                    yield Version(str(value.get("name")), str(value["version"]))

    def _value(self, made: Mapping[str, Any]) -> Json:
        try:
            return self._runs.read_uri(str(made["uri"]))
        except StoreError:
            return None

    def _registries(self) -> list[str]:
        """Where the steps of the spec register; a database file that is not there is asked nothing, for it would be made."""
        plans = [self._plan, *([self._plan.monitor.plan] if self._plan.monitor is not None else [])]
        steps = [step for plan in plans for step in plan.all_steps() if isinstance(step.body, Uses)]
        named = {str(dict(step.with_).get("tracking_uri") or "") for step in steps} - {""}
        uris = named | {self._plan.tracking_uri or _DEFAULT_REGISTRY}
        return sorted(
            f"{SQLITE}{self._runs.project / uri.removeprefix(SQLITE)}" if uri.startswith(SQLITE) else uri for uri in uris
        )

    def _deployed(self, ids: list[str]) -> dict[str, str]:
        """For each step that hands something on, the newest run in which it succeeded: that is what is in use."""
        found = {}
        for step in self._plan.steps:
            if step.stage == "service" and step.stage_given and step.body != Uses(_REGISTER):  # a registry knows better
                place = place_of(step)
                done = [run_id for run_id in ids if self._records[run_id].get(place, {}).get("status") == "succeeded"]
                if done:
                    found[done[-1]] = f"the last {step.id} that succeeded is of it"
        return found
