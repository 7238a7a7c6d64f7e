"""What MLflow shows of a step: its parameters, numbers, pictures and reports, and the datasets that it read and made.

In: facts of a step and the run of MLflow that stands for it. Out: all of it logged, each time with the same words and times, so
that what is there already stays one. Owns what is logged under which name; never makes a run (see `tree`). MLflow is
imported inside. Change it when MLflow should show more of a step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlspec.store.records import Record
from mlspec.store.schemes import scheme_of
from mlspec.terms import Json
from mlspec.tracking.facts import StepFacts, value_text
from mlspec.tracking.names import metrics_for, params_for
from mlspec.tracking.tree import Tree, milliseconds

PathOf = Callable[[str], Path | None]
"""Where what a record's URI names is on this machine, if it is or can be; fetched if need be."""
_BATCH = 100
"""The most params or tags that MLflow takes at once."""
_PICTURES = frozenset({".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp", ".html", ".pdf", ".md"})
_LARGEST = 100 * 2**20
"""Bytes of what is logged as an artifact; more stays in the store alone."""
_STATUS = {"succeeded": "FINISHED", "skipped": "FINISHED", "failed": "FAILED"}
_DIGEST = 36
"""Characters that MLflow's databases take of a dataset's digest."""


def log_step(client: Any, tree: Tree, facts: StepFacts, path_of: PathOf) -> str:
    """Log the end of a step, below the run that it is of; returns the id of that run."""
    parent = tree.run(facts.run)
    run = tree.step(facts, parent)
    ended = milliseconds(str(facts.record["ended"]))
    _log_values(client, run, {**facts.run.params, **facts.record["with"]}, facts.metrics, ended)
    _log_params(client, parent, facts.run.params)
    _log_datasets(client, run, facts)
    if facts.record["cached_from"] is None:
        _log_artifacts(client, run, facts.record, path_of)
    client.set_terminated(run, _STATUS[str(facts.record["status"])], ended)
    tree.note(facts, run)
    return parent


def _log_params(client: Any, run: str, params: Mapping[str, Json]) -> None:
    """Log parameters; one that the run has with another value, because a step was told otherwise, keeps it."""
    from mlflow.entities import Param

    texts = params_for({name: value_text(value) for name, value in params.items()})
    known = client.get_run(run).data.params if texts else {}
    new = [Param(name, text) for name, text in texts.items() if name not in known]
    for first in range(0, len(new), _BATCH):
        client.log_batch(run, params=new[first : first + _BATCH])


def _log_values(
    client: Any, run: str, params: Mapping[str, Json], metrics: Mapping[str, Mapping[str, float]], ended: int
) -> None:
    from mlflow.entities import Metric

    _log_params(client, run, params)
    numbers = [Metric(name, number, ended, 0) for name, number in metrics_for(_flattened(metrics)).items()]
    for first in range(0, len(numbers), _BATCH):
        client.log_batch(run, metrics=numbers[first : first + _BATCH])


def _flattened(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """All numbers under one name each, prefixed by the output where there are several."""
    prefix = len(metrics) > 1
    return {
        f"{output}.{name}" if prefix else name: number
        for output, numbers in metrics.items()
        for name, number in numbers.items()
    }


def _log_datasets(client: Any, run: str, facts: StepFacts) -> None:
    """The datasets that a step read, and those that it made, each in its context."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    found = [
        DatasetInput(
            Dataset(
                name, digest.removeprefix("sha256:")[:_DIGEST], _source_type(uri), _source(uri, digest), _schema(facts, place)
            ),
            [InputTag("mlflow.data.context", context)],
        )
        for name, place, context, uri, digest in _datasets(facts)
    ]
    if found:
        client.log_inputs(run, found)


def _datasets(facts: StepFacts) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, place among the facts, context, URI and digest of each."""
    for name, read in facts.record["inputs"].items():
        for number, one in enumerate(read if isinstance(read, list) else [read]):
            if facts.types.get(name, "dataset") == "dataset":
                shown = f"{name}[{number}]" if isinstance(read, list) else name
                yield shown, f"inputs.{name}", "input", str(one["uri"]), str(one["digest"])
    for name, made in facts.record["outputs"].items():
        if made.get("type") == "dataset":
            yield name, f"outputs.{name}", "output", str(made["uri"]), str(made["digest"])


def _source_type(uri: str) -> str:
    """What MLflow calls the kind of a place."""
    return {None: "local", "file": "local", "https": "http", "s3a": "s3"}.get(scheme_of(uri), scheme_of(uri) or "local")


def _source(uri: str, digest: str) -> str:
    clean = (
        urlsplit(uri)._replace(query="", fragment="").geturl() if scheme_of(uri) else uri
    )  # a signed URL holds its key there
    return json.dumps({"uri": clean, "url": clean, "digest": digest})


def _schema(facts: StepFacts, place: str) -> str | None:
    columns = facts.columns.get(place)
    if not columns:
        return None
    return json.dumps({"mlflow_colspec": [{"name": name, "type": kind, "required": False} for name, kind in columns]})


def _log_artifacts(client: Any, run: str, record: Record, path_of: PathOf) -> None:
    """Reports, and whatever has the name of a picture or a page, each below the name of its output."""
    for name, made in record["outputs"].items():
        suffix = Path(str(made["uri"])).suffix.lower()
        if made.get("type") != "report" and suffix not in _PICTURES:
            continue
        path = path_of(str(made["uri"]))
        if path is None or _size(path) > _LARGEST:
            client.set_tag(run, f"mlspec.not_logged.{name}", str(made["uri"]))
        elif path.is_dir():
            client.log_artifacts(run, str(path), name)
        else:
            client.log_artifact(run, str(path), name)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size
