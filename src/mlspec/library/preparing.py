"""Columns of a table as an estimator takes them: text as categories, gaps filled, numbers scaled.

In: a table of features, an unfitted estimator. Out: an unfitted `ColumnTransformer`, or a sentence about the column that cannot go in.
Owns which kind of column is prepared how, in parts that ONNX has too; never fits and never drops a column in silence.
scikit-learn is imported when called. Change it when columns of another kind may go into models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.columns import kind_of

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 1000
"""Of a column of text: one with more is a name, a date or an id, of which there is nothing to learn."""
RARE = 20
"""Rows that a category must have for one of its own, in tables that are large enough."""


def preparation(features: pd.DataFrame, estimator: Any) -> Any:
    """Return what turns these columns into numbers; raises `StepError` where one cannot be."""
    from pandas.api import types
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.utils import get_tags

    texts, numbers = [], []
    for name in features.columns:
        kind = kind_of(features[name])
        if types.is_numeric_dtype(features[name]):
            numbers.append(name)
        elif kind in ("text", "true or false"):
            _check_text(features[name])
            texts.append(name)
        elif kind == "no values":
            raise StepError(f"the column {name!r} has no value in any row; add it to `drop`")
        elif kind == "whole numbers":
            raise StepError(
                f"the column {name!r} holds whole numbers of more than 64 bits, which no estimator takes: scale it, or add it to `drop`"
            )
        else:
            raise StepError(
                f"the column {name!r} holds {kind}, which no estimator takes: make numbers of it, or add it to `drop`"
            )
    gaps_as_they_are = get_tags(estimator).input_tags.allow_nan
    scaled = "passthrough" if gaps_as_they_are else make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    rare = RARE if len(features) >= 50 * RARE else None
    codes = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=rare, sparse_output=False)
    return ColumnTransformer([part for part in (("codes", codes, texts), ("numbers", scaled, numbers)) if part[2]])


def _check_text(values: pd.Series[Any]) -> None:
    distinct = int(values.nunique())
    if distinct > MOST_CATEGORIES:
        raise StepError(
            f"the column {values.name!r} has {distinct} different texts, more than {MOST_CATEGORIES}: "
            "there is little to learn of each; make fewer of them, or add it to `drop`"
        )
