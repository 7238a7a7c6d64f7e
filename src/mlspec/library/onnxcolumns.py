"""What tensors the columns of a table become in an ONNX model.

In: a column, what the estimator was trained on, whether it takes gaps in it. Out: an `OnnxColumn`. Owns the choice between text, booleans,
whole numbers and floats, and the text that stands for a gap; never converts a model. Change it when columns of another type may go in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlspec.errors import StepError

if TYPE_CHECKING:
    import pandas as pd

    from mlspec.library.trained import Trained

Tensor: TypeAlias = Literal["string", "number", "integer", "boolean"]
_MARKS = ("nan", "None", "")
_EXACT = 2**24
"""The whole numbers up to which a 32-bit float holds each."""


@dataclass(frozen=True, slots=True)
class OnnxColumn:
    """A column as an input of an ONNX model; `note` is what the file says of it beyond that: see `onnxmodel.COLUMNS`."""

    name: str
    tensor: Tensor
    note: dict[str, str] = field(default_factory=dict)

    @property
    def holds_gaps(self) -> bool:
        """Whether its input can hold one at all."""
        return self.tensor in ("string", "number")

    def without_gaps(self) -> OnnxColumn:
        """Return the same column of a model that refuses gaps in it."""
        return replace(self, note={**self.note, "gaps": "refused"})


def column_of(values: pd.Series[Any], known: Trained | None, takes_gaps: Collection[str]) -> OnnxColumn:
    """Return what a plain column becomes; raises `StepError` when ONNX has nothing like it.

    Numbers are floats, so that another table may have gaps and fractions in them; categories that are whole numbers are floats only where
    the estimator takes gaps, and then say that they are whole. Numbers that a 32-bit float would round stay whole.
    """
    from pandas.api import types

    name = str(values.name)
    kind = known.kind if known is not None else None
    if kind == "string" or (kind is None and types.is_object_dtype(values)):
        _all_text(values)
        return OnnxColumn(name, "string", {"type": "string", "gap": _mark(known)})
    if types.is_bool_dtype(values) and (kind == "boolean" or name not in takes_gaps):
        return OnnxColumn(name, "boolean")
    category = known is not None and known.values is not None and all(value == int(value) for value in known.values)
    if types.is_integer_dtype(values):
        large = not values.empty and max(abs(int(values.min())), abs(int(values.max()))) > _EXACT
        if large or (category and name not in takes_gaps):
            return OnnxColumn(name, "integer")
        return OnnxColumn(name, "number", {"type": "whole"} if category else {})
    if not types.is_numeric_dtype(values) and not types.is_object_dtype(values):
        raise StepError(
            f"the column {name!r} holds {values.dtype}, which no input of ONNX takes; make numbers or text of it before"
        )
    return OnnxColumn(name, "number", {"type": "whole"} if category else {})


def _all_text(values: pd.Series[Any]) -> None:
    from mlspec.library.columns import example

    other = values.notna() & ~values.map(lambda value: isinstance(value, str)).astype(bool)
    if other.any():
        raise StepError(
            f"the column {str(values.name)!r} is neither text nor numbers, which ONNX takes: it holds {example(values, other)}"
        )


def _mark(known: Trained | None) -> str:
    """Return the text for a gap: what skl2onnx makes of the encoder's own mark, else one that is no category."""
    if known is not None and known.gaps:
        return str(known.gaps[0])
    values = known.values if known is not None and known.values else ()
    return next(mark for mark in (*_MARKS, "(no value)") if mark not in values)
