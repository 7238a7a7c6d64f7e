"""Parity: whether an exported model answers like its original, on rows where the two are likely to differ.

In: the two models, a table of real rows. Out: the rows to compare on, the figures of the comparison, and a sentence about the worst
row. Owns which rows count (an even spread, each column's ends, gaps and values, and made-up rows with a gap, an unseen category or an
extreme wherever the original answers such a row) and what "alike" means; never converts. Change it when models are compared otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlspec.library.estimator import Model
    from mlspec.library.trained import Trained

    Array: TypeAlias = np.ndarray[Any, Any]

UNSEEN = "(unseen by mlspec)"
_GAP = "without a value"
_VALUES = 100
"""Of how many values of a column of text the first row is taken."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to compare on; `about` says of each what it is there for. `gaps` are the columns that have one for the purpose, by that."""

    frame: pd.DataFrame
    about: list[str]
    gaps: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    """The columns in which the original answers no gap."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two models lie apart; `worst` says in which row, when they do not answer alike."""

    max_abs: float
    max_relative: float
    mismatched: int
    beyond: bool
    what: str
    worst: str | None
    cause: str


def spread(features: pd.DataFrame, rows: int) -> Rows:
    """Return rows spread evenly over the data: the same ones in every run."""
    import numpy as np

    if features.empty:
        raise StepError("the data have no rows to compare the models on")
    places = np.arange(len(features))
    if len(features) > rows:
        places = np.unique(np.linspace(0, len(features) - 1, rows).round().astype(int))
    return _real(features, places)


def edges(features: pd.DataFrame, but: Rows) -> Rows:
    """Return the rows with each column's lowest and highest number, first gap, and first row of each text, that `but` has not."""
    import numpy as np
    from pandas.api import types

    places: set[int] = set()
    for name in features.columns:
        values = features[name].reset_index(drop=True)
        gaps = values.isna().to_numpy()
        places.update(np.flatnonzero(gaps)[:1].tolist())
        present = values[~gaps]
        if present.empty:
            continue
        if types.is_numeric_dtype(values) and not types.is_bool_dtype(values):
            places |= {int(present.idxmin()), int(present.idxmax())}
        else:
            places.update(present.index[~present.astype(str).duplicated()][:_VALUES].tolist())
    known = {int(about.rpartition(" ")[2]) - 1 for about in but.about}
    return _real(features, np.array(sorted(places - known), dtype=int))


def _real(features: pd.DataFrame, places: Array) -> Rows:
    return Rows(features.iloc[places], [f"row {place + 1}" for place in places.tolist()])


def made_up(original: Model, features: pd.DataFrame) -> Rows:
    """Return copies of a full row with a gap, an unseen category or an extreme in one column, as far as the original answers them."""
    import pandas as pd

    complete = features.notna().all(axis=1).to_numpy()
    base = features.iloc[[int(complete.argmax())]]
    wanted = [
        (name, value, words) for name in features.columns for value, words in _odd(features[name], original.trained.get(name))
    ]
    rows = [_with(base, name, value) for name, value, _ in wanted]
    refused = frozenset[str]()
    if not _answers(original, rows):
        kept = [_answers(original, [row]) for row in rows]
        refused = frozenset(name for (name, _, words), keep in zip(wanted, kept, strict=True) if words == _GAP and not keep)
        wanted, rows = ([one for one, keep in zip(some, kept, strict=True) if keep] for some in (wanted, rows))
    if not rows:
        return Rows(features.head(0), [], refused=refused)
    about = [f"a row {words} in {name!r}" for name, _, words in wanted]
    gaps = {said: name for said, (name, _, words) in zip(about, wanted, strict=True) if words == _GAP}
    return Rows(pd.concat(rows, ignore_index=True), about, gaps, refused)


def _odd(values: pd.Series[Any], known: Trained | None) -> Iterator[tuple[Any, str]]:
    from pandas.api import types

    if types.is_numeric_dtype(values):
        yield float("nan"), _GAP
    else:
        yield (known.gaps[0] if known is not None and known.gaps else None), _GAP
    if known is not None and known.values:
        if known.kind == "string":
            yield UNSEEN, "with an unseen category"
        elif known.kind == "number":
            yield max(known.values) + 1, "with an unseen category"
    if known is not None and known.ends:
        low, high = known.ends
        yield low - (high - low), "with a value far below those of training"
        yield high + (high - low), "with a value far above those of training"


def _with(base: pd.DataFrame, name: str, value: Any) -> pd.DataFrame:
    import pandas as pd

    kind = object if value is None or isinstance(value, str) else None
    return base.assign(**{name: pd.Series([value], index=base.index, dtype=kind)})


def _answers(model: Model, rows: list[pd.DataFrame]) -> bool:
    import pandas as pd

    try:
        if rows:
            model.predict(pd.concat(rows, ignore_index=True))
    except StepError:
        return False
    return True


def answered(exported: Model, rows: Rows) -> tuple[Rows, int]:
    """Return the rows that a model answers, and how many it refuses: loudly, as it will where it serves."""
    if rows.frame.empty or _answers(exported, [rows.frame]):
        return rows, 0
    kept = [one for one in _each(rows) if _answers(exported, [one.frame])]
    places = [rows.about.index(one.about[0]) for one in kept]
    return replace(rows, frame=rows.frame.iloc[places], about=[one.about[0] for one in kept]), len(rows.about) - len(kept)


def gaps_apart(original: Model, exported: Model, rows: Rows, absolute: float, relative: float) -> set[str]:
    """Return the columns in which the two answer a gap otherwise, of those that `rows` have one in for the purpose."""
    each = (one for one in _each(rows) if one.about[0] in rows.gaps)
    return {rows.gaps[one.about[0]] for one in each if compare(original, exported, [one], absolute, relative).worst is not None}


def compare(original: Model, exported: Model, rows: list[Rows], absolute: float, relative: float) -> Comparison:
    """Compare probabilities where there are any, else predictions: each may differ by `absolute` and by `relative` times itself."""
    import numpy as np

    rows = [some for some in rows if len(some.frame)]
    about = [words for some in rows for words in some.about]
    pairs = [_numbers(original, exported, some.frame, some.frame) for some in rows]
    mismatched = np.zeros(len(about), dtype=bool)
    if original.classes is not None:
        labels = [(original.predict(some.frame), exported.predict(some.frame)) for some in rows]
        mismatched = np.array([a != b for pair in labels for a, b in zip(*(side.tolist() for side in pair), strict=True)])
    expected, found = (np.concatenate([_table(pair[side]) for pair in pairs]) for side in (0, 1))
    if expected.shape != found.shape:
        raise StepError(f"the ONNX model gives {found.shape[1]} numbers a row, and the original {expected.shape[1]}")
    with np.errstate(invalid="ignore"):
        difference = np.abs(expected - found)
    difference[(expected == found) | (np.isnan(expected) & np.isnan(found))] = 0
    difference[np.isnan(difference)] = np.inf
    size = np.where(np.isfinite(expected), np.abs(expected), 0)
    excess = (difference - (absolute + relative * size)).max(axis=1, initial=-np.inf)
    counted = size > absolute
    worst, cause = None, ""
    if excess.max(initial=-np.inf) > 0 or mismatched.any():
        place = int(excess.argmax()) if excess.max(initial=-np.inf) > 0 else int(mismatched.argmax())
        worst = about[place]
        one = next(part for some in rows for part in _each(some) if part.about == [worst])
        cause = _cause(original, exported, one, absolute, relative)
    return Comparison(
        float(difference.max(initial=0)),
        float((difference[counted] / size[counted]).max(initial=0)),
        int(mismatched.sum()),
        bool(excess.max(initial=-np.inf) > 0),
        "predictions" if original.classes is None else "probabilities",
        worst,
        cause,
    )


def _each(rows: Rows) -> Iterator[Rows]:
    return (Rows(rows.frame.iloc[[place]], [words]) for place, words in enumerate(rows.about))


def _table(answers: Array) -> Array:
    import numpy as np

    try:
        made = np.asarray(answers, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise StepError(f"the model's predictions are no numbers, and it names no classes: {answers.tolist()[0]!r}") from error
    return made.reshape(len(made), -1)


def _cause(original: Model, exported: Model, row: Rows, absolute: float, relative: float) -> str:
    """Say why a row differs: with its numbers rounded to 32 bits, does the original answer like ONNX?"""
    import numpy as np
    from pandas.api import types

    if _tied(original, exported, row, absolute, relative):
        return (
            "To the original the two labels are equally probable there, and the last digit decides; let as many differ "
            "(max_mismatches), or train a model without ties, such as a forest with an odd number of trees"
        )
    numbers = [name for name in row.frame.columns if types.is_float_dtype(row.frame[name])]
    rounded = row.frame.astype(dict.fromkeys(numbers, "float32")).astype(dict.fromkeys(numbers, "float64"))
    if numbers and not rounded.equals(row.frame):
        expected, found = (_table(side) for side in _numbers(original, exported, rounded, row.frame))
        alike = original.predict(rounded).tolist() == exported.predict(row.frame).tolist() or original.classes is None
        if alike and np.allclose(found, expected, rtol=relative, atol=absolute, equal_nan=True):
            return (
                "The inputs of the ONNX model are 32-bit floats, and with its numbers rounded to those the original answers so, too: "
                "it decides between numbers that are one in 32 bits; train on float32 features, or raise the limits"
            )
    if not row.about[0].startswith("row "):
        return "ONNX has no other answer to such a row: train a model that refuses it, or that does not depend on it"
    return "Not the numbers that go in are to blame, but what skl2onnx made of the model, or the 32 bits of its own thresholds and sums"


def _tied(original: Model, exported: Model, row: Rows, absolute: float, relative: float) -> bool:
    import numpy as np

    expected, found = original.predict(row.frame).tolist()[0], exported.predict(row.frame).tolist()[0]
    if original.classes is None or not original.has_probabilities or expected == found or found not in original.classes:
        return False
    shares = original.probabilities(row.frame)[0]
    one, other = (shares[original.classes.index(label)] for label in (expected, found))
    return bool(np.isclose(one, other, rtol=relative, atol=absolute))


def _numbers(original: Model, exported: Model, first: pd.DataFrame, second: pd.DataFrame) -> tuple[Array, Array]:
    """Return what is compared of two models, each asked with its own rows; of labels alone, nothing."""
    import numpy as np

    if original.classes is None:
        return original.predict(first), exported.predict(second)
    if original.has_probabilities:
        return original.probabilities(first), exported.probabilities(second)
    return np.zeros(len(first)), np.zeros(len(second))


def figures(comparison: Comparison) -> Mapping[str, float]:
    """Return the metrics of a comparison."""
    return {
        "max_abs_difference": comparison.max_abs,
        "max_relative_difference": comparison.max_relative,
        "mismatched_labels": comparison.mismatched,
    }
