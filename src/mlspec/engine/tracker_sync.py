"""Tells trackers what they do not know of a run: what could not be sent when its steps ended, or ended before there was a tracker.

In: a plan, which says where trackers are, and a run in a store. Out: what was sent, and what could not be. Owns what is known of a
step that kept nothing for them; never starts anything. What is said twice is there once (see `tracking`).
Change it when there is another tracker.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlspec.engine.outcome import outcome
from mlspec.errors import StoreError
from mlspec.invocation.from_plan import tracking
from mlspec.ir.model import Plan
from mlspec.store.deliveries import Deliveries
from mlspec.store.filesystem import fetch, is_remote
from mlspec.store.layout import Place
from mlspec.store.reached import Reached
from mlspec.store.records import Record
from mlspec.store.runs import Runs
from mlspec.terms import RunStatus
from mlspec.tracking.facts import RunFacts, StepFacts, read_back
from mlspec.tracking.sources import columns_in, label_of, sources_of

_STATUS: Mapping[RunStatus, str] = {
    "running": "RUNNING",
    "succeeded": "FINISHED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}


@dataclass(frozen=True, slots=True)
class Synced:
    """What a tracker was deliveries: of how many of a run's ended steps, or why it could not be."""

    tracker: str
    sent: int
    steps: int
    failure: str | None = None


def sync(plan: Plan, runs: Runs, run_id: str) -> list[Synced]:
    """Tell every tracker of the plan of all ends of steps that it does not know. Raises `StoreError` and `RunError`."""
    where, deliveries = tracking(plan), Deliveries(runs.records(run_id))
    with deliveries.alone(), tempfile.TemporaryDirectory(prefix="mlspec-") as scratch:
        run = _Run(plan, runs, run_id, Path(scratch))
        found = []
        if where.uri is not None:
            found.append(_to_mlflow(run, deliveries, where.uri, where.experiment or plan.lifecycle))
        if where.lineage is not None:
            found.append(_to_openlineage(run, deliveries, where.lineage, where.namespace))
        return found


class _Run:
    """What is known of a run: its facts, those of its steps, in the order in which they started."""

    def __init__(self, plan: Plan, runs: Runs, run_id: str, scratch: Path) -> None:
        self._runs = runs
        self._scratch = scratch
        self._records = runs.records(run_id)
        self._deliveries = Deliveries(self._records)
        result = outcome(plan, runs, run_id, on_damage=lambda *_: None)
        self.status = _STATUS[result.status]
        manifest = result.manifest or {}
        found = self._records.all(on_damage=lambda *_: None)
        records = {place: record for place, record in found.items() if _is_of_interest(record)}
        order = sorted(records, key=lambda place: (str(records[place]["started"]), place[0], place[1] or 0))
        first = str(records[order[0]]["started"]) if order else ""
        self.facts = RunFacts(
            plan.lifecycle,
            run_id,
            str(manifest.get("started") or first),
            str(manifest.get("date") or ""),
            manifest.get("params") or {},
            str(manifest.get("spec_digest") or ""),
            description=" ".join(plan.description.split()),
            owners=plan.owners,
        )
        self.ended = max((str(record["ended"]) for record in records.values()), default=self.facts.started)
        self.steps = [self._step(place, records[place]) for place in order]
        params = {name: value for step in self.steps for name, value in step.run.params.items()}
        self.facts = (self.steps[0].run if self.steps else self.facts)._replace(params={**self.facts.params, **params})

    def path_of(self, uri: str) -> Path | None:
        """Where an output is here; fetched if need be, and None where it is gone."""
        with suppress(StoreError):
            path = fetch(uri, Path(tempfile.mkdtemp(dir=self._scratch))) if is_remote(uri) else self._runs.path(uri)
            return path if path.exists() else None
        return None

    def _step(self, place: Place, record: Record) -> StepFacts:
        noted = self._deliveries.facts(place, record["started"])
        found = read_back(self.facts, place, label_of(record), record, noted)
        if noted:
            return found
        types, sources = sources_of(self._records, record)
        columns = columns_in(record, types, lambda uri: None if is_remote(uri) else self.path_of(uri))
        return found._replace(metrics=dict(self._metrics(record)), types=types, sources=sources, columns=columns)

    def _metrics(self, record: Record) -> Iterator[tuple[str, dict[str, float]]]:
        for name, made in record["outputs"].items():
            if made.get("type") == "metrics":
                with suppress(StoreError):
                    yield name, dict(self._runs.read_uri(made["uri"]))


def _is_of_interest(record: Record) -> bool:
    return bool(record["status"] != "skipped" or record["attempts"] > 0)


def _to_mlflow(run: _Run, deliveries: Deliveries, uri: str, experiment: str) -> Synced:
    from mlspec.tracking.server import opened, quiet, reason, without_secrets

    shown, sent = f"MLflow at {without_secrets(uri, uri)}", 0
    try:
        with quiet(patient=False):
            from mlspec.tracking.logged import log_step
            from mlspec.tracking.tree import Tree, tracker_of

            client, experiment_id = opened(uri, experiment)
            tree = Tree(client, experiment_id, deliveries, tracker_of(uri, experiment))
            new = tree.is_unknown()
            parent = tree.run(run.facts)
            for step in run.steps:
                if new or not tree.has(step):
                    log_step(client, tree, step, run.path_of)
                    sent += 1
            tree.end(run.facts, parent, run.status, None if run.status == "RUNNING" else run.ended)
    except ModuleNotFoundError as error:
        return Synced(shown, sent, len(run.steps), f"the module {error.name} is not installed: install mlspec[mlflow]")
    except Exception as error:
        return Synced(shown, sent, len(run.steps), reason(uri, error))
    return Synced(shown, sent, len(run.steps))


def _to_openlineage(run: _Run, deliveries: Deliveries, place: str, namespace: str | None) -> Synced:
    from mlspec.tracking.emitter import Emitter, reason
    from mlspec.tracking.server import without_secrets

    shown, sent = f"OpenLineage at {without_secrets(place, place)}", 0
    try:
        emitter = Emitter(place, namespace, deliveries)
        for step in run.steps:
            if not emitter.has(step):
                emitter.step(step)
                sent += 1
        if sent:
            emitter.end(run.facts, run.status, run.ended)
    except ModuleNotFoundError as error:
        return Synced(shown, sent, len(run.steps), f"the module {error.name} is not installed: install mlspec[lineage]")
    except Exception as error:
        return Synced(shown, sent, len(run.steps), reason(place, error))
    return Synced(shown, sent, len(run.steps))


def sync_rest(plan: Plan, runs: Runs, run_id: str) -> None:
    """Tell trackers of the steps that had no process to do it: of answered approvals. What could not be sent is kept as a warning.

    Where a step found that nobody is there, nobody is asked again.
    """
    records = runs.records(run_id)
    found = {place: record for place, record in records.all(on_damage=lambda *_: None).items() if _is_of_interest(record)}
    silent = found.keys() - records.warnings(found).keys()
    if not any(not _is_known(plan, Deliveries(records), place, found[place]) for place in silent):
        return
    if any(Reached(records, (), tracker).failure() is not None for tracker in ("tracking", "lineage")):
        return
    for synced in sync(plan, runs, run_id):
        if synced.failure is not None:
            what = "MLflow: not logged" if synced.tracker.startswith("MLflow") else "OpenLineage: not sent"
            for place in silent:
                records.keep_warnings(*place, str(found[place]["started"]), [f"{what}: {synced.failure}"])


def _is_known(plan: Plan, deliveries: Deliveries, place: Place, record: Record) -> bool:
    """Whether every tracker of the plan has heard of the end of a step."""
    from mlspec.tracking import emitter, tree

    where = tracking(plan)
    trackers = [tree.tracker_of(where.uri, where.experiment or plan.lifecycle)] if where.uri is not None else []
    trackers += [emitter.tracker_of(where.lineage)] if where.lineage is not None else []
    return all(deliveries.knows(place, record["started"], tracker) for tracker in trackers)
