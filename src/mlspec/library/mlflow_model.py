"""A model as MLflow keeps it: with its signature, the user's code that it needs, and the packages.

In: the file of a model, perhaps the data it was trained on. Out: what logs it in the MLflow run that is open. Owns in which flavour a
model is kept and what travels with it; never registers. MLflow and frameworks are imported when called.
Change it when models of another kind can be registered.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlspec.errors import StepError

if TYPE_CHECKING:
    from mlspec.library.estimator import Model
    from mlspec.library.schema import Schema

CODE_DIGEST = "mlspec.code_digest"
"""The tag of a version that the user's code travels with: changed code makes another version."""
_ALWAYS = ("sklearn", "numpy", "pandas")


class Dataset(NamedTuple):
    """The data that a model was trained on, and how their text is read."""

    path: Path
    schema: Schema


class LoggedModel(NamedTuple):
    """A model that is ready: what `log` puts into the open MLflow run, and the tags that say what travels with it."""

    log: Callable[[], Any]
    tags: Mapping[str, str]


@contextmanager
def prepared(path: Path, data: Dataset | None) -> Iterator[LoggedModel]:
    """Make a model ready to be logged; raises `StepError`."""
    from mlspec.library.estimator import find_model

    file, kind = find_model(path)
    if kind == "onnx":
        yield LoggedModel(lambda: _log_onnx(file), {})
        return
    with tempfile.TemporaryDirectory() as folder:
        yield _estimator(file, data, Path(folder))


def _estimator(file: Path, data: Dataset | None, folder: Path) -> LoggedModel:
    from mlflow.sklearn import log_model

    from mlspec.library.estimator import estimator_model, load_estimator
    from mlspec.library.needs import copied, needs_of
    from mlspec.store.digests import digest

    before = set(sys.modules)
    estimator = load_estimator(file)
    signature = _signature(data, estimator_model(estimator))
    needs = needs_of(estimator, sorted(set(sys.modules) - before), _ALWAYS)
    code = [str(path) for path in copied(needs.modules, folder)]

    def log() -> Any:
        return log_model(
            estimator,
            name="model",
            # skops, the default, refuses types it does not know, a team's own among them.
            serialization_format="pickle" if needs.plain else "cloudpickle",
            signature=signature,
            code_paths=code or None,
            # Named, so that MLflow does not load the model in another process to find out.
            pip_requirements=list(needs.requirements),
        )

    return LoggedModel(log, {CODE_DIGEST: digest(folder)} if code else {})


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


def _signature(data: Dataset | None, model: Model) -> Any:
    """Return the columns and types the model takes and gives, when the data and the model tell; else None."""
    from mlflow.models import infer_signature

    from mlspec.library.estimator import wanted
    from mlspec.library.frames import read_table
    from mlspec.library.trained import as_trained

    if data is None or model.features is None:
        return None
    frame = read_table(data.path, data.schema, wanted(model))
    if any(name not in frame for name in model.features):
        return None
    features = as_trained(frame[model.features].head(100), model.trained)
    answers = model.predict(features)
    try:
        return infer_signature(features, answers)
    except Exception as error:  # MLflow has no words for some types of columns, lists of mappings among them
        raise StepError(f"MLflow cannot describe the columns of the data: {error}") from error
