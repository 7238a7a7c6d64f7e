"""ONNX models, run by onnxruntime.

In: the bytes of a model, a table. Out: labels and probabilities; what its inputs must be fed.
Owns the mapping from columns to ONNX inputs; never converts a model (see `export_onnx`).
Change it when models with other kinds of inputs or outputs must be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.columns import cast, example, rows
from mlspec.library.frames import need_columns
from mlspec.library.trained import Kind, Trained

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlspec.library.schema import ColumnType

FEATURES = "mlspec.features"
"""The metadata key under which a model keeps the names of its columns, a JSON list in the order of its inputs.

A model with one input for all columns does not name them otherwise, and the names of inputs are not those of columns that
have spaces in them (skl2onnx writes `petal_width__cm_`).
"""
COLUMNS = "mlspec.columns"
"""The metadata key of what the columns were: a JSON object of their names, each with its `type` (`whole` are numbers without fractions that
may come as floats), for text what stands for a `gap`, which ONNX has not, and `gaps: refused` where the model would answer them wrongly."""
_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


_KINDS: dict[str, Kind] = {
    kind: "string" if kind == "tensor(string)" else "boolean" if kind == "tensor(bool)" else "number" for kind in _TYPES
}
_GAP = "nan"
"""What skl2onnx makes of a category that is NaN."""


def _noted(notes: Mapping[str, str], key: str, kind: type) -> Any:
    """What a model keeps under a key of ours; None where another program wrote something else there."""
    try:
        found = json.loads(notes.get(key, "null"))
    except ValueError:
        return None
    return found if isinstance(found, kind) else None


class OnnxModel:
    """A classifier or regressor with one input for each column, or one input for all of them."""

    def __init__(self, content: bytes) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 4  # warnings are about optimisations, and errors are raised as well
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
        notes = self._session.get_modelmeta().custom_metadata_map
        self.features: list[str] | None = _noted(notes, FEATURES, list)
        if self.features is None and len(self._inputs) > 1:
            self.features = [item.name for item in self._inputs]
        if self.features is not None and len(self._inputs) not in (1, len(self.features)):
            raise StepError(f"the model names {len(self.features)} columns, but has {len(self._inputs)} inputs")
        self._columns: Mapping[str, Any] = _noted(notes, COLUMNS, dict) or {}
        types = [_KINDS[item.type] for item in self._inputs]
        types = types * len(self.features or ()) if len(types) == 1 else types
        self.trained: Mapping[str, Trained] = {
            name: Trained(kind) for name, kind in zip(self.features or (), types, strict=True)
        }
        labels = self._session.get_outputs()[0].type
        self.targets = 1
        self.has_probabilities = len(self._session.get_outputs()) > 1
        self.label: ColumnType | None = "string" if labels == "tensor(string)" else None

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the first output, one label or number a row; rows x targets where there are several."""
        import numpy as np

        found = np.asarray(self._run(frame)[0])
        if found.size == len(frame):
            return found.reshape(len(frame))
        if found.ndim != 2 or len(found) != len(frame):
            raise StepError(f"the model's first output is of the shape {found.shape} for {len(frame)} rows")
        return found

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the second output, rows x classes; raises `StepError` when there is none."""
        import numpy as np

        results = self._run(frame)
        if len(results) < 2:
            raise StepError("the model has no second output with class probabilities")
        found = results[1]
        if isinstance(found, list) and found and all(isinstance(row, dict) and row.keys() == found[0].keys() for row in found):
            self.classes = sorted(found[0])  # the default of skl2onnx: a list of {label: probability}
            return np.array([[row[label] for label in self.classes] for row in found])
        table = np.asarray(found)
        if table.ndim != 2 or len(table) != len(frame) or table.dtype.kind not in "fiu":
            raise StepError("the model's second output is no table of probabilities, one row for each of the data")
        return table

    def _run(self, frame: pd.DataFrame) -> list[Any]:
        feed = self._feed(frame)
        try:
            return list(self._session.run(None, feed))
        except Exception as error:  # as above
            raise StepError(f"the model cannot read these data: {error}") from error

    def _feed(self, frame: pd.DataFrame) -> dict[str, Any]:
        import numpy as np

        if len(self._inputs) == 1:
            item = self._inputs[0]
            columns = [self._cast(frame[name], item) for name in frame.columns]
            return {item.name: np.hstack(columns) if columns else np.empty((len(frame), 0), _TYPES[item.type])}
        names = self.features or []
        need_columns(frame, names, "the model")
        return {item.name: self._cast(frame[name], item) for item, name in zip(self._inputs, names, strict=True)}

    def _cast(self, values: pd.Series[Any], item: Any) -> np.ndarray[Any, Any]:
        """Return a column as the input takes it, an array of one column; raises `StepError` when something would be lost."""
        import numpy as np

        noted = self._columns.get(str(values.name), {})
        gaps = values.isna().to_numpy()
        if noted.get("gaps") == "refused" and gaps.any():
            raise StepError(
                f"the column {str(values.name)!r} has no value {rows(values, gaps)}, to which the ONNX model would answer otherwise "
                "than the model that it was made of; fill them before, or use that model"
            )
        who = f"the input {item.name!r} of the ONNX model"
        if item.type == "tensor(string)":
            other = np.array([not isinstance(value, str) for value in values], dtype=bool) & values.notna().to_numpy()
            if other.any():
                raise StepError(f"the column {str(values.name)!r} holds {example(values, other)}, and {who} takes text")
            made = values.astype(object).where(values.notna(), noted.get("gap", _GAP)).to_numpy(dtype=object)
        else:
            made = cast(values, _TYPES[item.type], who)
            if noted.get("type") == "whole" and made.dtype.kind == "f":
                broken = np.isfinite(made) & (made != np.round(made))
                if broken.any():
                    what = f"holds {example(values, broken)}, and {who} takes categories that are whole numbers"
                    raise StepError(f"the column {str(values.name)!r} {what}")
        return np.asarray(made).reshape(-1, 1)
