"""All that there is to see of one run, whoever made it.

In: a run in a store, and the plan of its spec. Out: a `RunView`. Owns what is taken from records, the manifest, the outline and the
spec; never decides how a step ended (see `engine.outcome`), and never fails for one file that is damaged.
Change it when runs leave something more that people should see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from mlspec.engine import RunOutcome, outcome
from mlspec.engine.fan_out import place_of
from mlspec.engine.outline import outline as outline_of
from mlspec.errors import DamagedError, StoreError
from mlspec.history.model import ApprovalView, File, Outlined, RunView, StepView
from mlspec.ir.model import Plan
from mlspec.store.filesystem import is_remote
from mlspec.store.layout import Place
from mlspec.store.questions import Questions
from mlspec.store.records import Record
from mlspec.store.runs import Runs
from mlspec.terms import Json, RunStatus, StepStatus

_CODE = ("spec_digest", "commit", "changed", "mixed", "layers")
"""What of a manifest says which spec and which code a run was made of."""
_AROUND = ("lock", "python", "mlspec")
"""And what it was made with."""


def gather(plan: Plan, runs: Runs, run_id: str, *, now: float | None = None) -> RunView:
    """Look at a run; `run_id` may be `latest`. What still runs has taken the time until `now`.

    Raises `RunError` when there is no such run, `DamagedError` when its manifest cannot be read, and `StoreError`.
    """
    damaged: dict[Place, str] = {}
    found = outcome(plan, runs, run_id, lambda place, error: damaged.update({place: str(error)}))
    damage = list(damaged.values())
    outline = _outline(plan, runs, found, damage.append)
    running = _Running(runs, found, now)
    places = _places(plan, found)
    read = _Metrics(runs, damage.append)
    steps = {step_id: _step(step_id, places[step_id], found, damaged, outline, running, read, runs) for step_id in found.steps}
    manifest = found.manifest or {}
    started = manifest.get("started") or min((step.started for step in steps.values() if step.started), default=None)
    ended = manifest.get("ended") or (None if found.status == "running" else _last(steps))
    return RunView(
        lifecycle=runs.lifecycle,
        run_id=found.run_id,
        status=_status(found.status, damaged),
        here=found.manifest is not None,
        steps=steps,
        outline=outline,
        params=manifest.get("params") or {},
        spec_file=str(manifest.get("spec_file") or plan.spec_file),
        code={name: manifest[name] for name in _CODE if manifest.get(name)},
        meanings=manifest.get("meanings") or {},
        environments={name: manifest[name] for name in _AROUND if manifest.get(name)},
        date=manifest.get("date"),
        only=manifest.get("only"),
        started=started,
        resumed=manifest.get("resumed"),
        ended=ended,
        begins=seconds_since_epoch(started),
        ends=now if found.status == "running" else seconds_since_epoch(ended),
        approvals=tuple(_approvals(runs, found, damage.append)),
        warnings=found.warnings,
        problems=found.problems,
        damage=tuple(damage),
    )


def seconds_since_epoch(timestamp: str | None) -> float | None:
    """Read a time of a record; None where it says none."""
    try:
        return datetime.fromisoformat(timestamp).timestamp() if timestamp else None
    except ValueError:
        return None


def _status(status: RunStatus, damaged: Mapping[Place, str]) -> RunStatus:
    """Of a run with a damaged record nobody can tell that it succeeded."""
    return "failed" if damaged and status == "succeeded" else status


def _last(steps: Mapping[str, StepView]) -> str | None:
    return max((step.ended for step in steps.values() if step.ended), default=None)


def _outline(plan: Plan, runs: Runs, found: RunOutcome, on_damage: Callable[[str], None]) -> dict[str, Outlined]:
    """What the run was to do: as it was kept, else as the spec says it, of those steps that the run has."""
    kept = None
    try:
        kept = runs.outline(found.run_id)
    except DamagedError as error:
        on_damage(str(error))
    entries: Mapping[str, Json] = (kept or outline_of(plan.steps, plan.finals))["steps"]
    if kept is None and found.manifest is not None:
        entries = {step: entry for step, entry in entries.items() if step in found.steps or f"{step}[0]" in found.steps}
    made = {step_id: _outlined(step_id, entry) for step_id, entry in entries.items()}
    for step_id, step in found.steps.items():
        if _group(step_id, made) is None:  # the spec has changed since
            name = str(step.record["step"]) if step.record and "step" in step.record else step_id.partition("[")[0]
            made[step_id] = Outlined(step_id, name, "", "", "")
    return made


def _outlined(step_id: str, entry: Mapping[str, Json]) -> Outlined:
    return Outlined(
        step_id,
        entry["step"],
        entry["kind"],
        entry["logic"],
        entry["stage"],
        tuple(entry.get("upstream", ())),
        bool(entry.get("finally")),
        entry.get("environment"),
    )


def _group(step_id: str, outline: Mapping[str, Outlined]) -> str | None:
    """The step of the outline that `step_id` is, or is an instance of."""
    return next((group for group in (step_id, step_id.rpartition("[")[0]) if group in outline), None)


def _places(plan: Plan, found: RunOutcome) -> dict[str, Place]:
    """Where each step of a run is in the store."""
    entries = (found.manifest or {}).get("steps", {})
    places: dict[str, Place] = {}
    for step_id, step in found.steps.items():
        if step_id in entries:
            places[step_id] = entries[step_id]["step"], entries[step_id]["index"]
        elif step_id in plan.by_id:
            places[step_id] = place_of(plan.by_id[step_id])
        else:
            name, _, rest = step_id.partition("[")
            number = rest.removesuffix("]")
            places[step_id] = str((step.record or {}).get("step", name)), int(number) if number.isdigit() else None
    return places


class _Running:
    """When the steps started that run at this moment; each is asked for where it has no record."""

    def __init__(self, runs: Runs, found: RunOutcome, now: float | None) -> None:
        self._records = runs.records(found.run_id)
        self._alive = found.status == "running"
        self.now = now

    def since(self, place: Place) -> str | None:
        """When a step started that has not ended; None for any other."""
        if not self._alive:
            return None
        with suppress(StoreError):
            mark = self._records.started(*place)
            return mark.started if mark is not None else None
        return None


class _Metrics:
    """Reads what steps have measured; of what cannot be read it says why, and goes on."""

    def __init__(self, runs: Runs, on_damage: Callable[[str], None]) -> None:
        self._runs = runs
        self._on_damage = on_damage

    def of(self, record: Record) -> dict[str, Json]:
        """The numbers of a step, by `output.metric`."""
        found: dict[str, Json] = {}
        for name, output in record["outputs"].items():
            if output.get("type") != "metrics":
                continue
            try:
                numbers = self._runs.read_uri(output["uri"])
            except StoreError as error:
                self._on_damage(str(error))
                continue
            if isinstance(numbers, dict):
                found |= {f"{name}.{metric}": value for metric, value in numbers.items()}
        return found


def _step(
    step_id: str,
    place: Place,
    found: RunOutcome,
    damaged: Mapping[Place, str],
    outline: Mapping[str, Outlined],
    running: _Running,
    metrics: _Metrics,
    runs: Runs,
) -> StepView:
    step = found.steps[step_id]
    group = _group(step_id, outline) or step_id
    if step.record is None:
        since = running.since(place)
        status: StepStatus = "failed" if place in damaged else "running" if since and step.status == "pending" else step.status
        begins = seconds_since_epoch(since)
        ends = running.now if begins is not None else None
        return StepView(
            step_id,
            *place,
            status,
            group,
            started=since,
            begins=begins,
            ends=ends,
            error=damaged.get(place) or step.error or None,
            damaged=place in damaged,
        )
    record = step.record
    return StepView(
        step_id,
        *place,
        step.status,
        group,
        attempts=step.attempts,
        started=record["started"],
        ended=record.get("ended"),
        begins=seconds_since_epoch(record["started"]),
        ends=seconds_since_epoch(record.get("ended")),
        exit_code=record.get("exit_code"),
        error=record["error"],
        cached_from=record["cached_from"],
        inputs=tuple(_inputs(record)),
        outputs=tuple(_outputs(record, runs)),
        with_=record.get("with") or {},
        metrics=metrics.of(record),
    )


def _inputs(record: Record) -> Iterator[File]:
    for name, given in (record.get("inputs") or {}).items():
        parts = given if isinstance(given, list) else [given]
        for number, part in enumerate(parts):
            if isinstance(part, dict) and isinstance(part.get("uri"), str):
                shown = f"{name}[{number}]" if isinstance(given, list) else name
                yield File(shown, part["uri"], part.get("digest"))


def _outputs(record: Record, runs: Runs) -> Iterator[File]:
    for name, output in record["outputs"].items():
        uri = output["uri"]
        yield File(name, uri, output.get("digest"), str(output.get("type", "")), uri if is_remote(uri) else str(runs.path(uri)))


def _approvals(runs: Runs, found: RunOutcome, on_damage: Callable[[str], None]) -> list[ApprovalView]:
    """The questions of a run, in the order in which they were asked, each as its record has it once it is answered."""
    try:
        asked = {str(question.get("step")): question for question in Questions(runs.records(found.run_id)).all().values()}
    except StoreError as error:
        on_damage(str(error))
        asked = {}
    for step_id, step in found.steps.items():
        recorded = (step.record or {}).get("approval")
        if isinstance(recorded, dict):
            asked[step_id] = {**asked.get(step_id, {}), **recorded, "status": recorded.get("answer")}
    return sorted((_approval(step_id, question) for step_id, question in asked.items()), key=lambda view: view.asked)


def _approval(step_id: str, question: Mapping[str, Json]) -> ApprovalView:
    text = {name: value for name, value in question.items() if isinstance(value, str)}
    approvers = question.get("approvers")
    status = text.get("status", "")
    return ApprovalView(
        step=step_id,
        status="waiting" if status == "elsewhere" else status,
        message=text.get("message", ""),
        approvers=tuple(str(each) for each in approvers) if isinstance(approvers, list) else (),
        asked=text.get("asked", ""),
        answered=text.get("answered", ""),
        by=text.get("by", ""),
        comment=text.get("comment", ""),
        seen=text.get("evidence", ""),
    )
