"""A step that has ended as events of OpenLineage.

In: facts of a step. Out: a START and a COMPLETE, FAIL or ABORT of it, and what says how its run stands. Owns the names of jobs and
datasets, the facets, and the ids, which follow from what they stand for: an event that is sent twice is the same one. Never
sends (see `emitter`). Imports OpenLineage's client, which whoever imports this module has seen to be there.
Change it when events should say more.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState, set_producer
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset as assertions,
)
from openlineage.client.facet_v2 import (
    data_quality_metrics_input_dataset as quality_metrics,
)
from openlineage.client.facet_v2 import (
    dataset_version_dataset,
    datasource_dataset,
    documentation_job,
    error_message_run,
    job_type_job,
    nominal_time_run,
    ownership_job,
    parent_run,
    processing_engine_run,
    schema_dataset,
    source_code_location_job,
    storage_dataset,
    symlinks_dataset,
)

from mlspec import __version__
from mlspec.store.schemes import scheme_of
from mlspec.tracking.facets import LifecycleJobFacet, LifecycleRunFacet
from mlspec.tracking.facts import RunFacts, StepFacts

PRODUCER = f"https://mlspec.readthedocs.io/{__version__}"
DEFAULT_NAMESPACE = "mlspec"
set_producer(PRODUCER)
_ENDS = {"FINISHED": RunState.COMPLETE, "FAILED": RunState.FAIL, "KILLED": RunState.ABORT}


def events_of(facts: StepFacts, namespace: str) -> list[RunEvent]:
    """The start and the end of a step. Both say all that is known: who sees one alone misses nothing."""
    record = facts.record

    def event(state: RunState, moment: str, outputs: list[OutputDataset]) -> RunEvent:
        return RunEvent(
            eventTime=moment,
            eventType=state,
            run=_run(facts, namespace),
            job=_job(facts, namespace),
            inputs=list(_inputs(facts, namespace)),
            outputs=outputs,
            producer=PRODUCER,
        )

    outputs = list(_outputs(facts, namespace))
    return [event(RunState.START, str(record["started"]), []), event(_end(facts), str(record["ended"]), outputs)]


def started(facts: RunFacts, namespace: str) -> RunEvent:
    """That a run has begun."""
    return _of_run(facts, namespace, RunState.START, facts.started)


def ended(facts: RunFacts, namespace: str, status: str, moment: str) -> RunEvent:
    """How a run stands, in MLflow's words: one of which nothing runs any more has ended."""
    return _of_run(facts, namespace, _ENDS[status], moment)


def run_uuid(facts: RunFacts) -> str:
    """The id of a run: the same for all its steps."""
    return _uuid(facts.lifecycle, facts.run_id)


def step_uuid(facts: StepFacts) -> str:
    """The id of one end of a step: another one when it runs again."""
    return _uuid(facts.run.lifecycle, facts.run.run_id, facts.label, str(facts.record["started"]))


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\0".join(("mlspec", *parts)).encode("utf-8", "surrogatepass").hex()))


def _end(facts: StepFacts) -> RunState:
    if facts.record["status"] != "failed":
        return RunState.COMPLETE
    return RunState.ABORT if str(facts.record["error"]).startswith("interrupted by ") else RunState.FAIL


def _of_run(facts: RunFacts, namespace: str, state: RunState, moment: str) -> RunEvent:
    run = Run(run_uuid(facts), {**_nominal(facts), "processing_engine": _engine(), "mlspec_run": _run_facet(facts)})
    job = Job(namespace, facts.lifecycle, {**_job_facets(facts), "jobType": _job_type("PIPELINE")})
    return RunEvent(eventTime=moment, eventType=state, run=run, job=job, producer=PRODUCER)


def _run(facts: StepFacts, namespace: str) -> Run:
    run, record = facts.run, facts.record
    above = parent_run.ParentRunFacet(
        run=parent_run.Run(run_uuid(run)),
        job=parent_run.Job(namespace, run.lifecycle),
        root=parent_run.Root(parent_run.RootRun(run_uuid(run)), parent_run.RootJob(namespace, run.lifecycle)),
    )
    facets: dict[str, Any] = {"parent": above, **_nominal(run), "processing_engine": _engine()}
    if record["error"]:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(str(record["error"]), "unknown")
    facets["mlspec_run"] = LifecycleRunFacet(
        **_of_facet(run),
        step=facts.label,
        attempts=record["attempts"],
        cachedFrom=record["cached_from"],
        options=dict(record["with"]),
        exitCode=record["exit_code"],
    )
    return Run(step_uuid(facts), facets)


def _run_facet(facts: RunFacts) -> LifecycleRunFacet:
    return LifecycleRunFacet(**_of_facet(facts))


def _of_facet(facts: RunFacts) -> dict[str, Any]:
    return {"runId": facts.run_id, "parameters": dict(facts.params), "lockDigest": facts.lock or None}


def _nominal(facts: RunFacts) -> dict[str, Any]:
    return {"nominalTime": nominal_time_run.NominalTimeRunFacet(facts.date)} if facts.date else {}


def _engine() -> processing_engine_run.ProcessingEngineRunFacet:
    return processing_engine_run.ProcessingEngineRunFacet(__version__, "mlspec", __version__)


def _job(facts: StepFacts, namespace: str) -> Job:
    kind = _job_type(facts.body.upper().replace("/", "_") or "TASK")
    return Job(namespace, f"{facts.run.lifecycle}.{facts.record['step']}", {**_job_facets(facts.run), "jobType": kind})


def _job_type(kind: str) -> job_type_job.JobTypeJobFacet:
    return job_type_job.JobTypeJobFacet("BATCH", "MLSPEC", kind)


def _job_facets(facts: RunFacts) -> dict[str, Any]:
    found: dict[str, Any] = {"mlspec_spec": LifecycleJobFacet(facts.lifecycle, facts.spec_digest or None)}
    if facts.repository:
        url = facts.repository.removesuffix(".git")
        found["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
            "git", f"{url}/tree/{facts.commit}" if "://" in url else facts.repository, facts.repository, version=facts.commit
        )
    if facts.description:
        found["documentation"] = documentation_job.DocumentationJobFacet(facts.description, "text/plain")
    if facts.owners:
        found["ownership"] = ownership_job.OwnershipJobFacet(
            [ownership_job.Owner(owner, "MAINTAINER") for owner in facts.owners]
        )
    return found


def _inputs(facts: StepFacts, namespace: str) -> Iterator[InputDataset]:
    for name, read in facts.record["inputs"].items():
        sources = facts.sources.get(name, ())
        for number, one in enumerate(read if isinstance(read, list) else [read]):
            made = sources[number] if number < len(sources) else ""
            facets = _facets(facts, f"inputs.{name}", str(one["uri"]), str(one["digest"]), logical=bool(made))
            where, shown = (namespace, f"{facts.run.lifecycle}.{made}") if made else location(str(one["uri"]), namespace)
            yield InputDataset(namespace=where, name=shown, facets=facets, inputFacets=_quality(facts, name))


def _outputs(facts: StepFacts, namespace: str) -> Iterator[OutputDataset]:
    for name, made in facts.record["outputs"].items():
        facets = _facets(facts, f"outputs.{name}", str(made["uri"]), str(made["digest"]), logical=True)
        yield OutputDataset(namespace=namespace, name=f"{facts.run.lifecycle}.{facts.label}.{name}", facets=facets)


def location(uri: str, namespace: str) -> tuple[str, str]:
    """What OpenLineage calls a place: its namespace and its name there. A file of the project is known by the project's namespace."""
    if scheme_of(uri) is None:
        return ("file", uri) if uri.startswith("/") else (namespace, uri)
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return "file", parts.path
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}", parts.path.strip("/") or "/"


def _facets(facts: StepFacts, place: str, uri: str, digest: str, *, logical: bool) -> dict[str, Any]:
    """Of one dataset: its version, where it is, and its columns."""
    where, name = location(uri, "file")
    found: dict[str, Any] = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(digest),
        "storage": storage_dataset.StorageDatasetFacet(scheme_of(uri) or "file", Path(name).suffix.removeprefix(".") or None),
        "dataSource": datasource_dataset.DatasourceDatasetFacet(where, f"{where}/{name}" if "://" in where else f"file:{name}"),
    }
    if logical:
        found["symlinks"] = symlinks_dataset.SymlinksDatasetFacet([symlinks_dataset.Identifier(where, name, "FILE")])
    if columns := facts.columns.get(place):
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name, kind, ordinal_position=at)
            for at, (name, kind) in enumerate(columns, 1)
        ]
        found["schema"] = schema_dataset.SchemaDatasetFacet(fields)
    return found


def _quality(facts: StepFacts, name: str) -> dict[str, Any]:
    """What was found when an input was checked."""
    found = facts.quality.get(name)
    if not found:
        return {}
    checks = [
        assertions.Assertion(str(check["assertion"]), bool(check["success"]), check.get("column"), actual=check.get("found"))
        for check in found["checks"]
    ]
    columns = {
        str(column): quality_metrics.ColumnMetrics(nullCount=each.get("nulls"), distinctCount=each.get("distinct"))
        for column, each in found["columns"].items()
    }
    return {
        "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet(checks),
        "dataQualityMetrics": quality_metrics.DataQualityMetricsInputDatasetFacet(columns, found["rows"]),
    }
