"""Labels: what steps that compare a classifier's decisions with the truth share.

In: a table, a model. Out: the classes, and true labels and decisions as their places among the classes.
Owns what counts as a decision and the errors about targets; never measures anything.
Change it when targets may be something other than one column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError
from mlspec.library.columns import example, plain
from mlspec.library.estimator import Model
from mlspec.library.frames import need_columns

_SLACK = 1e-3
"""How far 32-bit probabilities may be from adding up to 1."""

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array: TypeAlias = np.ndarray[Any, Any]


def classes_of(model: Model, truth: Array) -> list[Any]:
    """Return the class labels in the order of the model's probabilities.

    They are those the model names, else (ONNX) those in the data, sorted. Raises `StepError` when the data hold only one.
    """
    present = sorted(set(truth.tolist()), key=lambda label: (type(label).__name__, label))
    if len(present) < 2:
        raise StepError(f"all true labels are {present[0]!r}; a classifier cannot be measured on one class")
    return present if model.classes is None else model.classes


def true_labels(frame: pd.DataFrame, target: str) -> Array:
    """Return the target's values; raises `StepError` when there are no rows or some have no label."""
    need_columns(frame, [target], "the option `target`")
    if frame.empty:
        raise StepError("the data have no rows")
    missing = int(frame[target].isna().sum())
    if missing:
        raise StepError(f"{missing} of {len(frame)} rows have no {target!r}; leave them out before this step")
    values = plain(frame[[target]])[target]
    odd = values.map(lambda value: type(value).__hash__ is None) if values.dtype == object else values.isna()
    if odd.any():
        raise StepError(f"the column {target!r} holds {example(values, odd)}, which is no label")
    labels: Array = values.to_numpy()
    return labels


def places(labels: Array, classes: list[Any], whose: str) -> Array:
    """Return each label's place in `classes`; raises `StepError` when one is not there. `whose` begins the message."""
    import numpy as np

    place = {label: index for index, label in enumerate(classes)}
    try:
        return np.array([place[label] for label in labels.tolist()])
    except (KeyError, TypeError) as error:  # TypeError: what a model predicts may be no label at all
        label = next(label for label in labels.tolist() if type(label).__hash__ is None or label not in place)
        one, other = type(label).__name__, type(classes[0]).__name__
        kinds = f" ({one} against {other})" if one != other else ""
        raise StepError(f"{whose} {label!r} is none of the classes {classes!r}{kinds}") from error


def shares(probabilities: Array) -> Array:
    """Return probabilities as 64-bit floats from 0 to 1; raises `StepError` when some are none."""
    import numpy as np

    made: Array = probabilities.astype(np.float64)
    wrong = ~((made >= -_SLACK) & (made <= 1 + _SLACK)).all(axis=1) | ~(np.abs(made.sum(axis=1) - 1) <= _SLACK)
    if wrong.any():
        place = int(wrong.argmax())
        raise StepError(
            f"the model's probabilities are none in {int(wrong.sum())} rows: {made[place].tolist()} in row {place + 1}"
        )
    return made.clip(0, 1)


def positive_place(classes: list[Any], wanted: Any) -> int:
    """Return which of two classes counts as positive: the second one unless the option `positive` names another."""
    if len(classes) != 2:
        raise StepError(f"there must be two classes, but there are {len(classes)}: {classes!r}")
    if wanted is None:
        return 1
    return int(places(_alone(wanted), classes, "positive:")[0])


def decisions(model: Model, features: pd.DataFrame, classes: list[Any], positive: int, threshold: float | None) -> Array:
    """Return for each row whether the model decides for the positive class.

    Without a threshold this is what the model itself predicts: it may have been tuned to one of its own.
    """
    chosen: Array
    if threshold is None:
        chosen = places(model.predict(features), classes, "the predicted label") == positive
    else:
        chosen = model.probabilities(features)[:, positive] >= threshold
    return chosen


def _alone(label: Any) -> Array:
    import numpy as np

    return np.array([label], dtype=object)
