"""ONNX models, run by onnxruntime.

In: the bytes of a model, a table. Out: labels and probabilities; what its inputs must be fed.
Owns the mapping from columns to ONNX inputs; never converts a model (see `export_onnx`).
Change it when models with other kinds of inputs or outputs must be read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.frames import need_columns

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEATURES = "mlspec.features"
"""The metadata key under which a model keeps the names of its columns, a JSON list in the order of its inputs.

A model with one input for all columns does not name them otherwise, and the names of inputs are not those of columns that
have spaces in them (skl2onnx writes `petal_width__cm_`).
"""
_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


class OnnxModel:
    """A classifier or regressor with one input for each column, or one input for all of them."""

    def __init__(self, content: bytes) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 3  # errors only: warnings are about optimisations
        options.intra_op_num_threads = 1  # sums in one order, the same figures on every machine
        try:
            self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no public base class
            raise StepError(f"onnxruntime cannot load the model: {error}") from error
        self._inputs = self._session.get_inputs()
        for item in self._inputs:
            if item.type not in _TYPES:
                raise StepError(f"the model's input {item.name!r} is a {item.type}, which is no column of a table")
        self.classes: list[Any] | None = None
        noted = self._session.get_modelmeta().custom_metadata_map.get(FEATURES)
        self.features: list[str] | None = None
        if noted:
            self.features = json.loads(noted)
        elif len(self._inputs) > 1:
            self.features = [item.name for item in self._inputs]

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the first output, one label or number a row."""
        import numpy as np

        return np.asarray(self._run(frame)[0]).reshape(len(frame))

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the second output, rows x classes; raises `StepError` when there is none."""
        import numpy as np

        results = self._run(frame)
        if len(results) < 2:
            raise StepError("the model has no second output with class probabilities")
        if isinstance(results[1], list):  # the default of skl2onnx: a list of {label: probability}
            self.classes = sorted(results[1][0])
            return np.array([[row[label] for label in self.classes] for row in results[1]])
        return np.asarray(results[1])

    def _run(self, frame: pd.DataFrame) -> list[Any]:
        try:
            return list(self._session.run(None, self._feed(frame)))
        except StepError:
            raise
        except Exception as error:  # as above
            raise StepError(f"the model cannot read these data: {error}") from error

    def _feed(self, frame: pd.DataFrame) -> dict[str, Any]:
        if len(self._inputs) == 1:
            item = self._inputs[0]
            return {item.name: _cast(frame, item.type)}
        columns = self.features or []
        need_columns(frame, columns, "the model")
        return {item.name: _cast(frame[[column]], item.type) for item, column in zip(self._inputs, columns, strict=True)}


def _cast(columns: pd.DataFrame, kind: str) -> np.ndarray[Any, Any]:
    import numpy as np

    try:
        values = columns.astype(str) if kind == "tensor(string)" else columns
        return np.asarray(values.to_numpy().astype(_TYPES[kind]))
    except (ValueError, TypeError) as error:
        raise StepError(f"{', '.join(map(str, columns.columns))} cannot be read as a {kind}: {error}") from error
