"""`mlflow/register`: a model in MLflow's registry, with where it is from and what it was measured to be.

In: a model, metrics files, optionally the data it was trained on. Out: the name and version it has in the registry.
Owns the tags that tie a version to its spec, data and metrics; never serves a model. The same model with the same tags is
registered once: a retry or a second run finds the version that is there. The MLflow run's id, which is random, is not among
the outputs: the version leads to it. Change it when versions should carry more.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import TRUST

if TYPE_CHECKING:
    from mlspec.library.estimator import Model

DEFAULT_URI = "sqlite:///.mlspec/mlflow.db"
_NAME = re.compile(r"[\w .-]+")
_PORTS = ("model", "data")


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, Any]:
    lifecycle = os.environ.get("MLSPEC_LIFECYCLE") or "mlspec"
    with_ = {**with_, "name": with_["name"] or lifecycle}
    if not _NAME.fullmatch(with_["name"]):
        raise StepError(f"a registered model's name has letters, digits, spaces and `_.-` only, unlike {with_['name']!r}")
    metrics = {name: _numbers(name, path_of(inputs, name)) for name in sorted(inputs) if name not in _PORTS}
    flat = {f"{name}.{key}": value for name, values in metrics.items() for key, value in values.items()}
    uri = with_["tracking_uri"] or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    experiment = with_["experiment"] or os.environ.get("MLFLOW_EXPERIMENT_NAME") or lifecycle
    with _mlflow(uri, experiment) as (mlflow, client, experiment_id):
        tags = {**_provenance(inputs), **_as_text(flat), **_as_text(with_["tags"] or {})}
        version = _registered(client, with_["name"], tags)
        if version is None:
            with mlflow.start_run(experiment_id=experiment_id, run_name=os.environ.get("MLSPEC_RUN_ID"), tags=tags) as run:
                mlflow.log_params(with_["params"] or {})
                mlflow.log_metrics(flat)
                logged = _log_model(inputs)
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
    from mlspec.tracking import opened, quiet

    with quiet():
        import mlflow
        from sqlalchemy.exc import SQLAlchemyError

        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        try:
            yield mlflow, *opened(uri, experiment)
        except (mlflow.MlflowException, SQLAlchemyError) as error:
            raise StepError(_without_secrets(uri, f"MLflow at {uri}: {error}")) from error


def _without_secrets(uri: str, message: str) -> str:
    """Return a message, which may quote the URI in pieces, without the user, password and query of the URI."""
    address, _, query = uri.partition("?")
    user, at, _ = address.partition("://")[2].partition("/")[0].rpartition("@")
    for secret in (user + at, query):
        message = message.replace(secret, "") if secret else message
    return message


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


def _registered(client: Any, name: str, tags: Mapping[str, str]) -> str | None:
    """Return the newest version that has exactly these tags: this model is registered already."""
    versions = client.search_model_versions(f"name='{name}'")
    same = [int(version.version) for version in versions if version.status == "READY" and version.tags == tags]
    return str(max(same)) if same else None


def _log_model(inputs: Paths) -> Any:
    from mlspec.library.estimator import estimator_model, find_model, load_estimator

    file, kind = find_model(path_of(inputs, "model"))
    if kind == "onnx":
        return _log_onnx(file)
    import numpy
    import pandas
    import sklearn
    from mlflow.sklearn import log_model

    estimator = load_estimator(file)
    packages = {"scikit-learn": sklearn, "numpy": numpy, "pandas": pandas}
    return log_model(
        estimator,
        name="model",
        serialization_format="pickle",  # skops, the default, refuses types it does not know, a team's own among them
        signature=_signature(inputs, estimator_model(estimator)),
        # Named, so that MLflow does not load the model in another process to find out.
        pip_requirements=[f"{name}=={module.__version__}" for name, module in packages.items()],
    )


def _log_onnx(file: Path) -> Any:
    import onnx
    import onnxruntime
    from mlflow.onnx import log_model

    model = onnx.load(str(file))
    return log_model(
        model,
        name="model",
        signature=_tensor_signature(model),
        pip_requirements=[f"onnx=={onnx.__version__}", f"onnxruntime=={onnxruntime.__version__}"],
        save_as_external_data=False,
    )


def _tensor_signature(model: Any) -> Any:
    """Return the shapes and types of an ONNX model's inputs; without them MLflow feeds columns of the wrong rank."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec
    from onnx.helper import tensor_dtype_to_np_dtype

    specs = []
    for item in model.graph.input:
        tensor = item.type.tensor_type
        kind = tensor_dtype_to_np_dtype(tensor.elem_type)
        shape = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
        specs.append(TensorSpec(np.dtype(str) if kind.kind == "O" else kind, (-1, *shape[1:]), item.name))
    return ModelSignature(inputs=Schema(specs))


def _signature(inputs: Paths, model: Model) -> Any:
    """Return the columns and types the model takes and gives, when the data and the model tell; else None."""
    from mlflow.models import infer_signature

    from mlspec.library.frames import plain, read_table

    if "data" not in inputs or model.features is None:
        return None
    frame = read_table(path_of(inputs, "data"))
    if any(name not in frame for name in model.features):
        return None
    features = plain(frame[model.features].head(100))
    return infer_signature(features, model.predict(features))


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
        "name": Option("string", "The registered model's name; default: the lifecycle's"),
        "alias": Option("string", "The alias to move to this version, such as `champion`"),
        "description": Option("string", "What to say about this version"),
        "params": Option("object", "Parameters to log with the run"),
        "tags": Option("object", "Further tags of the run and the version"),
        "experiment": Option("string", "The MLflow experiment; default: that of `tracking`, else the lifecycle's name"),
        "tracking_uri": Option("string", f"The MLflow server or database; default: that of `tracking`, else `{DEFAULT_URI}`"),
        **TRUST,
    },
    requirements=("mlflow", "scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
