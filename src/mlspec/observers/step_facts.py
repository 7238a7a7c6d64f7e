"""What trackers will be told of a step, kept beside its record: so that it can be told later, when a server was down.

In: an ended step. Out: a note in the store. Owns what of an invocation is told, and when there is something to tell; never tells
it (see `mlflow` and `openlineage`). Standard library only. Change it together with `tracking.facts`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from mlspec.errors import StoreError
from mlspec.expr.values import decode, parameter_variable
from mlspec.invocation.model import Answered, Invocation
from mlspec.ir.bodies import Call, Gate, Uses
from mlspec.observers.base import EndedStep
from mlspec.store import json_files, layout
from mlspec.store.deliveries import Deliveries
from mlspec.store.digests import digest
from mlspec.store.filesystem import is_remote, local_path
from mlspec.store.layout import Place
from mlspec.store.records import Record, Records
from mlspec.terms import DATE_VARIABLE, Json
from mlspec.tracking.code import code_of
from mlspec.tracking.facts import RunFacts, StepFacts, read_back
from mlspec.tracking.sources import columns_in, sources_of

LOCK_FILE = "mlspec.lock"


def applies(ended: EndedStep) -> bool:
    """A step that ran, failed before it could, or was taken from the cache; of one that was skipped there is nothing to tell."""
    return ended.ending.status != "skipped" or ended.ending.attempts > 0


def observe(ended: EndedStep) -> str | None:
    """Keep it."""
    place = place_of(ended)
    record = ended.records.read(*place)
    assert record is not None, "the first observer has written it"
    Deliveries(ended.records).note(place, record["started"], facts_of(ended, record).noted())
    return None


def place_of(ended: EndedStep) -> Place:
    """Where the step is in its run."""
    return ended.invocation.step, ended.invocation.instance_index


def kept(ended: EndedStep) -> StepFacts:
    """Read back what was kept."""
    place = place_of(ended)
    record = ended.records.read(*place)
    assert record is not None, "the first observer has written it"
    run = RunFacts(ended.records.lifecycle, ended.records.run_id, str(record["started"]))
    return read_back(run, place, ended.invocation.label, record, Deliveries(ended.records).facts(place, record["started"]))


def status_of_run(ended: EndedStep) -> str:
    """How the run of a step stands, in MLflow's words. Nobody knows that it is the last: each says it again."""
    records = ended.records
    if ended.ending.status == "failed" or records.failures():
        return "FAILED"
    if ended.invocation.start.final:
        ends = records.all(on_damage=lambda *_: None).values()
        if any(record["status"] == "failed" for record in ends):
            return "FAILED"
    return "RUNNING" if records.starts() else "FINISHED"


def facts_of(ended: EndedStep, record: Record) -> StepFacts:
    """What is known of a step at its end."""
    invocation, records = ended.invocation, ended.records
    project = Path(invocation.run.project or ".").absolute()
    code, manifest = code_of(project), _manifest(records)
    params = manifest.get("params") or dict(_params(invocation))
    run = RunFacts(
        lifecycle=records.lifecycle,
        run_id=records.run_id,
        started=str(manifest.get("started") or min([str(record["started"]), *records.starts()])),
        date=_date(str(manifest.get("date") or invocation.run.date or os.environ.get(DATE_VARIABLE) or "")),
        params={name: ended.mask(value) if isinstance(value, str) else value for name, value in params.items()},
        spec_digest=invocation.run.spec_digest or "",
        commit=code.commit,
        repository=code.repository,
        description=invocation.tracking.about or "",
        owners=invocation.tracking.owners,
        lock=digest(project / LOCK_FILE) if (project / LOCK_FILE).is_file() else "",
    )
    types, sources = sources_of(records, record)
    return StepFacts(
        run,
        invocation.label,
        place_of(ended),
        record,
        _body(invocation),
        ended.metrics,
        types,
        sources,
        columns_in(record, types, partial(_path, ended)),
        ended.quality,
    )


def _date(text: str) -> str:
    """The time that the run is for, as `run.date` has it; empty where the orchestrator did not say it."""
    from mlspec.moments import MomentError, orchestrator_moment, text_of

    try:
        return text_of(orchestrator_moment(text)) if text else ""
    except (MomentError, OverflowError):
        return ""


def _body(invocation: Invocation) -> str:
    match invocation.body:
        case Uses(name):
            return name
        case Call():
            return "call"
        case Gate():
            return "gate"
        case Answered() | None:
            return "approval"
    return "run"


def _manifest(records: Records) -> Mapping[str, Json]:
    """What is said of the run as a whole, where `mlspec run` makes it."""
    with suppress(StoreError):
        return json_files.read_object(records.store, layout.manifest(records.run)) or {}
    return {}


def _params(invocation: Invocation) -> Iterator[tuple[str, Json]]:
    """The run's parameters that this process was given."""
    texts = {param.name: (param.type, param.text) for param in invocation.wiring.params}
    texts |= {name: (limits.type, None) for name, limits in invocation.run.limits if name not in texts}
    given = dict(invocation.wiring.given)
    for name, (kind, text) in texts.items():
        found = text if text is not None else given.get(name, os.environ.get(parameter_variable(name)))
        if found is not None:
            yield name, found if kind == "string" else _decoded(found)


def _decoded(text: str) -> Json:
    with suppress(ValueError):
        return decode(text)
    return text


def _path(ended: EndedStep, uri: str) -> Path | None:
    if uri in ended.paths:
        return ended.paths[uri]
    if is_remote(uri):
        return None
    return local_path(uri) if uri.startswith("file:") else Path(ended.invocation.run.project or ".") / uri
