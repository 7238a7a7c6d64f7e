"""True labels and classes: what steps that compare predictions with the truth share.

In: a table, a model's classes. Out: labels as plain values, classes in the order of the model's probabilities.
Owns the errors about targets; never predicts. Change it when targets may be something other than one column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlspec.library.frames import need_columns, plain
from mlspec.library.model import StepError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def true_labels(frame: pd.DataFrame, target: str) -> np.ndarray[Any, Any]:
    """Return the target's values; raises `StepError` when there are no rows or some have no label."""
    need_columns(frame, [target], "the option `target`")
    if frame.empty:
        raise StepError("the data have no rows")
    missing = int(frame[target].isna().sum())
    if missing:
        raise StepError(f"{missing} of {len(frame)} rows have no {target!r}; leave them out before this step")
    return plain(frame[[target]])[target].to_numpy()


def classes_of(named: list[Any] | None, truth: np.ndarray[Any, Any], count: int) -> list[Any]:
    """Return the class labels in the order of the probabilities.

    They are those the model names, else (ONNX) those in the data, sorted, if they are as many as the model has outputs.
    Raises `StepError` when the data hold labels that the model does not know, or only one class.
    """
    present = sorted(set(truth.tolist()))
    if len(present) < 2:
        raise StepError(f"all true labels are {present[0]!r}; a classifier cannot be measured on one class")
    if named is None:
        if len(present) != count:
            raise StepError(f"the model has {count} classes, but the data have {len(present)}: {present!r}")
        return present
    strange = [label for label in present if label not in named]
    if strange:
        kinds = f" ({type(strange[0]).__name__} against {type(named[0]).__name__})"
        raise StepError(f"the true label {strange[0]!r} is none of the model's classes {named!r}{kinds}")
    return named
