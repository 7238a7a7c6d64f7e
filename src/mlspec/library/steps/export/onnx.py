"""`export/onnx`: a scikit-learn model as an ONNX file that is known to answer alike.

In: a model, a dataset of real rows. Out: the ONNX file, metrics of the comparison.
Owns the conversion (skl2onnx does it), its input types and the comparison; never trains or registers.
Change it when models of another framework are to be exported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import COLUMNS, TRUST

if TYPE_CHECKING:
    import pandas as pd

GRAPH = "model"
ONE_INPUT = "X"
_LIMIT = 2**31  # of one protobuf message


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    from mlspec.library.estimator import estimator_model, features_for, find_model, load_estimator
    from mlspec.library.frames import read_table

    file, kind = find_model(path_of(inputs, "model"))
    if kind != "estimator":
        raise StepError("the model is ONNX already")
    estimator = load_estimator(file)
    frame = _sample(read_table(path_of(inputs, "data")), with_["rows"])
    features = features_for(estimator_model(estimator), frame, with_, not_features=[])
    content = _convert(estimator, features, with_["opset"])
    metrics = _compare(estimator, content, features)
    near = metrics["max_abs_difference"] <= with_["tolerance"]  # false for NaN, too
    if not near or metrics["mismatched_labels"] > with_["max_mismatches"]:
        raise StepError(
            f"the ONNX model does not answer like the original on {len(features)} rows: probabilities (or predictions) differ "
            f"by up to {metrics['max_abs_difference']:.3g} (tolerance {with_['tolerance']:g}), {metrics['mismatched_labels']} "
            f"predicted labels differ (at most {with_['max_mismatches']} may). ONNX computes in 32-bit floats: a tree whose "
            "thresholds fall between two of them decides otherwise; train on float32 features, or raise the limits"
        )
    outputs["model"].write_bytes(content)
    return {**metrics, "bytes": len(content)}


def _sample(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return rows spread evenly over the data: the same ones in every run."""
    import numpy as np

    if frame.empty:
        raise StepError("the data have no rows to compare the models on")
    if len(frame) <= rows:
        return frame
    return frame.iloc[np.unique(np.linspace(0, len(frame) - 1, rows).round().astype(int))]


def _convert(estimator: Any, features: pd.DataFrame, opset: int | None) -> bytes:
    from onnx.helper import set_model_props
    from skl2onnx import to_onnx

    from mlspec.library.onnxmodel import FEATURES

    # Not a list of {label: probability} for each row: a plain array is what servers other than onnxruntime read, too.
    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "predict_proba") else None
    try:
        model = to_onnx(
            estimator,
            initial_types=_initial_types(estimator, features),
            options=options,
            target_opset=opset,
            name=GRAPH,
        )
    except Exception as error:  # skl2onnx raises many kinds, some of them plain RuntimeErrors
        raise StepError(f"skl2onnx cannot convert this {type(estimator).__name__}: {error}") from error
    set_model_props(model, {FEATURES: json.dumps([str(name) for name in features.columns])})
    if model.ByteSize() >= _LIMIT:
        raise StepError("the ONNX model is larger than 2 GiB, which one file cannot hold")
    return bytes(model.SerializeToString(deterministic=True))


def _initial_types(estimator: Any, features: pd.DataFrame) -> list[tuple[str, Any]]:
    """Return one input for each column where the model picks columns by name, else one for all of them."""
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.compose import ColumnTransformer

    parts = [estimator, *estimator.get_params(deep=True).values()]
    if any(isinstance(part, ColumnTransformer) for part in parts):
        return [(str(name), _type_of(features[name])([None, 1])) for name in features.columns]
    kinds = {_type_of(features[name]) for name in features.columns}
    if len(kinds) > 1 and StringTensorType in kinds:
        raise StepError(
            "the model takes text and numbers together as one table, which ONNX has not; "
            "give each its own branch with scikit-learn's ColumnTransformer"
        )
    kind = kinds.pop() if len(kinds) == 1 else _float()
    return [(ONE_INPUT, kind([None, len(features.columns)]))]


def _type_of(values: pd.Series[Any]) -> Any:
    from pandas.api import types
    from skl2onnx.common.data_types import BooleanTensorType, Int64TensorType, StringTensorType

    if types.is_bool_dtype(values):
        return BooleanTensorType
    if types.is_integer_dtype(values):
        return Int64TensorType
    return _float() if types.is_numeric_dtype(values) else StringTensorType


def _float() -> Any:
    from skl2onnx.common.data_types import FloatTensorType

    return FloatTensorType


def _compare(estimator: Any, content: bytes, features: pd.DataFrame) -> dict[str, float]:
    """Compare probabilities where there are any, else predictions: the largest difference and the labels that differ."""
    import numpy as np

    from mlspec.library.estimator import estimator_model
    from mlspec.library.onnxmodel import OnnxModel

    original, exported = estimator_model(estimator), OnnxModel(content)
    expected, found = original.predict(features), exported.predict(features)
    mismatched = 0
    if original.classes is not None:
        mismatched = sum(a != b for a, b in zip(expected.tolist(), found.tolist(), strict=True))
    if hasattr(estimator, "predict_proba"):
        expected, found = original.probabilities(features), exported.probabilities(features)
    elif original.classes is not None:
        return {"max_abs_difference": 0.0, "mismatched_labels": mismatched, "rows": len(features)}
    difference = np.abs(expected.astype(np.float64) - found.astype(np.float64)).max()
    return {"max_abs_difference": float(difference), "mismatched_labels": mismatched, "rows": len(features)}


STEP = LibraryStep(
    name="export/onnx",
    summary="Writes a scikit-learn model as ONNX and checks on real rows that it answers like the original",
    stage="model",
    inputs={
        "model": Port("model", "The fitted scikit-learn model (joblib or pickle)"),
        "data": Port("dataset", "Rows to compare the two on, with at least the model's columns"),
    },
    outputs={
        "model": Port("model", "The ONNX file; outputs are the label and, for a classifier, the probabilities"),
        "metrics": Port(
            "metrics",
            "max_abs_difference, mismatched_labels, rows, bytes",
            fields=("max_abs_difference", "mismatched_labels", "rows", "bytes"),
        ),
    },
    options={
        "rows": Option("integer", "How many rows to compare, spread evenly over the data", default=1000, minimum=1),
        "tolerance": Option(
            "number", "The largest difference of a probability (or prediction) that is let pass", default=1e-4, minimum=0
        ),
        "max_mismatches": Option("integer", "How many predicted labels may differ", default=0, minimum=0),
        "opset": Option("integer", "The ONNX opset; default: the newest that skl2onnx writes", minimum=9),
        **COLUMNS,
        **TRUST,
    },
    requirements=("skl2onnx", "onnx", "onnxruntime", "scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
