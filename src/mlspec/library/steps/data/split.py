"""`data/split`: the rows that train a model, and those that test it.

In: a dataset. Out: the same rows and columns in two datasets, each in the order of the original, and how many there are.
Owns which rows go where; never changes a value and never leaves one out. The same data and seed give the same bytes.
Change it when rows may belong together in another way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import READING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array: TypeAlias = np.ndarray[Any, Any]


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    import numpy as np
    import pyarrow.parquet as pq

    from mlspec.library.frames import need_columns, read_arrow, read_table
    from mlspec.library.schema import schema_of

    path, schema = path_of(inputs, "data"), schema_of(with_)
    frame = read_table(path, schema)
    stratify, group, time = with_["stratify"] or [], with_["group"], with_["time"]
    need_columns(frame, [*stratify, *filter(None, (group, time))], "the split")
    if len(frame) < 2:
        raise StepError(f"the data have {len(frame)} row{'s' if len(frame) != 1 else ''}: there is nothing to split")
    if time is not None and (stratify or group is not None):
        other = "stratify" if stratify else "group"
        raise StepError(f"`time` splits by when a row is from, and `{other}` by something else; give one of them")
    if time is not None:
        chosen = _newest(frame[time], with_["test_share"])
    elif group is not None:
        chosen = _whole_groups(frame, group, stratify, with_["test_share"], with_["seed"])
    else:
        chosen = _any(frame, stratify, with_["test_share"], with_["seed"])
    table = read_arrow(path, schema)
    for name, rows in (("train", np.flatnonzero(~chosen)), ("test", np.flatnonzero(chosen))):
        pq.write_table(table.take(rows), outputs[name])
    return {"rows": len(frame), "rows_train": int((~chosen).sum()), "rows_test": int(chosen.sum())}


def _any(frame: pd.DataFrame, stratify: list[str], share: float, seed: int) -> Array:
    import numpy as np
    from sklearn.model_selection import train_test_split

    strata = _strata(frame, stratify) if stratify else None
    count = _count(len(frame), share)
    if strata is not None:
        _check_strata(strata, count, len(frame))
    _, test = train_test_split(np.arange(len(frame)), test_size=count, random_state=seed, stratify=strata)
    return _places(test, len(frame))


def _whole_groups(frame: pd.DataFrame, group: str, stratify: list[str], share: float, seed: int) -> Array:
    """Rows of one group are all in one part. With `stratify`, of the folds that scikit-learn makes alike the first few."""
    import numpy as np
    from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

    from mlspec.library.groups import groups_of

    groups = groups_of(frame[group]).to_numpy()
    kinds = len(set(groups))
    if kinds < 2:
        raise StepError(f"all rows are of one {group!r}, {groups[0]!r}: no group is left for the test")
    if not stratify:
        splits = GroupShuffleSplit(1, test_size=_count(kinds, share), random_state=seed).split(frame, groups=groups)
        return _places(next(splits)[1], len(frame))
    strata = _strata(frame, stratify)
    values, counts = np.unique(strata, return_counts=True)
    if counts.min() < 2:
        raise StepError(_ALONE.format(values[counts.argmin()]))
    # The nearest share that folds allow: of more folds than groups, or than rows of one kind, some would be without.
    nearest = Fraction(share).limit_denominator(min(kinds, int(counts.min()), _FOLDS))
    folds = max(nearest.denominator, 2)
    taken = min(max(nearest.numerator, 1), folds - 1)
    kept = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    parts = [test for _, test in kept.split(frame, strata, groups)]
    return _places(np.concatenate(parts[:taken]), len(frame))


def _newest(values: pd.Series[Any], share: float) -> Array:
    """The newest rows. Those of one moment stay together: the test begins at the first moment by which it is large enough."""
    when = _moments(values)
    ordered = when.sort_values(ignore_index=True)
    first = ordered[len(ordered) - _count(len(ordered), share)]
    chosen: Array = (when >= first).to_numpy()
    if chosen.all():
        raise StepError(
            f"{int((when == first).sum())} rows are of {values.name!r} {first}, the first: no older ones are left to train on"
        )
    return chosen


def _moments(values: pd.Series[Any]) -> pd.Series[Any]:
    """Dates and times, or numbers (a year, seconds since an epoch)."""
    from pandas.api import types

    from mlspec.library.checked import typed_as
    from mlspec.library.columns import example

    if values.isna().any():
        raise StepError(f"{int(values.isna().sum())} of {len(values)} rows have no {values.name!r}: when are they from?")
    if types.is_numeric_dtype(values) and not types.is_bool_dtype(values):
        return values
    moments, others = typed_as(values, "datetime")
    if len(others):
        raise StepError(
            f"the column {values.name!r} holds {example(values, values.index.isin(others.index))}, which is no date"
        )
    return moments


def _strata(frame: pd.DataFrame, columns: list[str]) -> Array:
    from mlspec.library.groups import groups_of

    made: Array = frame[columns].apply(groups_of).agg(", ".join, axis=1).to_numpy()
    return made


def _check_strata(strata: Array, count: int, rows: int) -> None:
    import numpy as np

    values, counts = np.unique(strata, return_counts=True)
    if counts.min() < 2:
        raise StepError(_ALONE.format(values[counts.argmin()]))
    if len(values) > min(count, rows - count):
        raise StepError(
            f"there are {len(values)} kinds of rows to have in both parts, and {min(count, rows - count)} rows in one of them"
        )


def _count(number: int, share: float) -> int:
    """How many of these are for the test: at least one, and not all."""
    return min(max(math.ceil(number * share), 1), number - 1)


def _places(rows: Array, number: int) -> Array:
    import numpy as np

    chosen = np.zeros(number, dtype=bool)
    chosen[rows] = True
    return chosen


_FOLDS = 20
"""Parts that a split by groups and strata is made of, at the most."""
_ALONE = "one row only has {!r}: it cannot be in both parts; leave it out or stratify by less"


def _share_problem(value: float) -> str | None:
    return None if 0 < value < 1 else f"must lie between 0 and 1, not {value:g}"


STEP = LibraryStep(
    name="data/split",
    summary="Splits a dataset into rows to train on and rows to test with: at random, alike in some columns, by groups or by time",
    stage="data",
    inputs={"data": Port("dataset", "The table to split: Parquet or CSV")},
    outputs={
        "train": Port("dataset", "The rows to train on (Parquet)"),
        "test": Port("dataset", "The others (Parquet)"),
        "metrics": Port("metrics", "rows, rows_train, rows_test", fields=("rows", "rows_train", "rows_test")),
    },
    options={
        "test_share": Option(
            "number", "The share of rows, or of groups, that is for the test", default=0.25, fault=_share_problem
        ),
        "seed": Option("integer", "What the choice is drawn with", default=0, minimum=0, maximum=2**32 - 1),
        "stratify": Option("list", "Columns whose values are to be as frequent in both parts", items="string"),
        "group": Option("string", "The column whose rows of one value stay in one part (a customer, a household)"),
        "time": Option("string", "The column of dates by which the newest rows are the test"),
        **READING,
    },
    requirements=("scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
