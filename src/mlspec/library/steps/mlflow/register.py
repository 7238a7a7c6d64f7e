"""`mlflow/register`: a model in MLflow's registry, with where it is from and what it was measured to be.

In: a model, metrics files, optionally the data it was trained on. Out: the name and version it has in the registry.
Owns the tags that tie a version to its spec, data and metrics; never serves a model. The same model with the same tags is
registered once: a retry or a second run finds the version that is there. The MLflow run's id, which is random, is not among
the outputs: the version leads to it. Change it when versions should carry more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import READING, TRUST
from mlspec.tracking import names

if TYPE_CHECKING:
    from mlspec.library.mlflow_model import LoggedModel

DEFAULT_URI = "sqlite:///.mlspec/mlflow.db"
_PORTS = ("model", "data")
_BATCH = 100


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, Any]:
    lifecycle = os.environ.get("MLSPEC_LIFECYCLE") or "mlspec"
    with_ = {**with_, "name": with_["name"] or lifecycle}
    metrics = {name: _numbers(name, path_of(inputs, name)) for name in sorted(inputs) if name not in _PORTS}
    flat = {f"{name}.{key}": value for name, values in metrics.items() for key, value in values.items()}
    uri = with_["tracking_uri"] or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    experiment = with_["experiment"] or os.environ.get("MLFLOW_EXPERIMENT_NAME") or lifecycle
    with _mlflow(uri, experiment) as (mlflow, client, experiment_id), _model(inputs, with_) as model:
        tags = names.tags_for({**_provenance(inputs), **model.tags, **_as_text(flat), **_as_text(with_["tags"] or {})})
        version = _registered(client, with_["name"], tags)
        if version is None:
            with mlflow.start_run(experiment_id=experiment_id, run_name=os.environ.get("MLSPEC_RUN_ID"), tags=tags) as run:
                _log(client, run.info.run_id, names.metrics_for(flat), names.params_for(_as_text(with_["params"] or {})))
                logged = model.log()
            version = _register(client, with_, logged.model_uri, run.info.run_id, tags)
        if with_["alias"]:
            client.set_registered_model_alias(with_["name"], with_["alias"], version)
    return {
        "name": with_["name"],
        "version": int(version),
        "uri": f"models:/{with_['name']}/{version}",
        "alias": with_["alias"],
    }


@contextmanager
def _mlflow(uri: str, experiment: str) -> Iterator[tuple[Any, Any, str]]:
    """Open MLflow, and make `uri` what its fluent functions use; what it raises becomes a `StepError`."""
    from mlspec.tracking.server import is_away, opened, quiet, reason, without_secrets

    with quiet():
        import mlflow
        from sqlalchemy.exc import SQLAlchemyError

        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        try:
            yield mlflow, *opened(uri, experiment)
        except (mlflow.MlflowException, SQLAlchemyError, OSError) as error:
            where = "MLflow: " if is_away(error) else f"MLflow at {without_secrets(uri, uri)}: "
            raise StepError(where + reason(uri, error)) from error


def _model(inputs: Paths, with_: Mapping[str, Any]) -> AbstractContextManager[LoggedModel]:
    from mlspec.library.mlflow_model import Dataset, prepared
    from mlspec.library.schema import schema_of

    return prepared(path_of(inputs, "model"), Dataset(path_of(inputs, "data"), schema_of(with_)) if "data" in inputs else None)


def _provenance(inputs: Paths) -> dict[str, str]:
    """Return the tags that say where the model is from; a tag has no value when the step process does not know it."""
    from mlspec.store.digests import digest

    tags = {
        "mlspec.lifecycle": os.environ.get("MLSPEC_LIFECYCLE", ""),
        "mlspec.spec_digest": os.environ.get("MLSPEC_SPEC_DIGEST", ""),
    }
    tags |= {f"mlspec.{name}_digest": digest(path_of(inputs, name)) for name in _PORTS if name in inputs}
    return {name: value for name, value in tags.items() if value}


def _numbers(name: str, path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepError(f"cannot read the metrics {name!r}: {error}") from error
    numbers = isinstance(content, dict) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in content.values()
    )
    if not numbers:
        raise StepError(f"the input {name!r} is no metrics file: a JSON object of numbers")
    return dict(content)


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _log(client: Any, run_id: str, metrics: Mapping[str, float], params: Mapping[str, str]) -> None:
    """Log all of it, in as many calls as MLflow wants: it takes 100 params at once."""
    import time

    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    numbers = [Metric(name, number, now, 0) for name, number in metrics.items()]
    texts = [Param(name, text) for name, text in params.items()]
    for first in range(0, max(len(numbers), len(texts)), _BATCH):
        batch = slice(first, first + _BATCH)
        client.log_batch(run_id, metrics=numbers[batch], params=texts[batch])


def _registered(client: Any, name: str, tags: Mapping[str, str]) -> str | None:
    """Return the newest version that has exactly these tags: this model is registered already."""
    versions = client.search_model_versions(f"name='{name}'")
    same = [int(version.version) for version in versions if version.status == "READY" and version.tags == tags]
    return str(max(same)) if same else None


def _register(client: Any, with_: Mapping[str, Any], source: str, run_id: str, tags: Mapping[str, str]) -> str:
    from mlflow import MlflowException

    name = with_["name"]
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(name, source, run_id, tags=dict(tags), description=with_["description"])
    return str(made.version)


STEP = LibraryStep(
    name="mlflow/register",
    summary="Registers a model in MLflow with its metrics and the digests of the spec and the data it is from",
    stage="service",
    inputs={
        "model": Port("model", "The model: scikit-learn (joblib or pickle) or ONNX"),
        "data": Port(
            "dataset", "The data it was trained on: their digest becomes a tag, their columns the signature", required=False
        ),
    },
    extra_inputs=Port("metrics", "Metrics to log and tag the version with, each as `<input>.<name>`", required=False),
    outputs={
        "values": Port(
            "values", "name, version, uri (`models:/NAME/VERSION`), alias", fields=("name", "version", "uri", "alias")
        )
    },
    options={
        "name": Option("string", "The registered model's name; default: the lifecycle's", fault=names.model_fault),
        "alias": Option("string", "The alias to move to this version, such as `champion`", fault=names.alias_fault),
        "description": Option("string", "What to say about this version"),
        "params": Option("object", "Parameters to log with the run", fault=names.keys_fault),
        "tags": Option("object", "Further tags of the run and the version", fault=names.keys_fault),
        "experiment": Option(
            "string",
            "The MLflow experiment; default: that of `tracking`, else the lifecycle's name",
            fault=names.experiment_fault,
        ),
        "tracking_uri": Option("string", f"The MLflow server or database; default: that of `tracking`, else `{DEFAULT_URI}`"),
        **READING,
        **TRUST,
    },
    requirements=("mlflow", "scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
