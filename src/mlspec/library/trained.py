"""What a fitted estimator was trained on: the type of each of its columns, as far as its parts tell.

In: a scikit-learn estimator, the names of its columns. Out: `Trained` for those that are known; a check of a table's columns against
them. Owns the reading of encoders, imputers and predictors; never guesses: of a part that does not tell, nothing is known.
scikit-learn is not imported: a model of it brings it. Change it when another kind of part tells what it was fitted on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlspec.errors import StepError
from mlspec.library.columns import example, is_number, kind_of, plain_column
from mlspec.library.schema import GAPS

if TYPE_CHECKING:
    import pandas as pd

Kind: TypeAlias = Literal["string", "number", "boolean"]
_NUMERIC = frozenset({
    *("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer"),
    *("KBinsDiscretizer", "PolynomialFeatures", "SplineTransformer", "Normalizer", "Binarizer", "PCA", "KNNImputer"),
    "IterativeImputer",
})  # fmt: skip
_INNER = ("best_estimator_", "estimator_", "regressor_", "classifier_")
_SAME_COLUMNS = ("VotingClassifier", "VotingRegressor", "StackingClassifier", "StackingRegressor")
_WORDS: Mapping[str, str] = {"string": "text", "number": "numbers", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Trained:
    """A column as the model saw it. `values` are the categories that it knows, without gaps; `gaps` the marks of a gap among them.

    `ends` are the lowest and the highest number that its parts name.
    """

    kind: Kind
    values: tuple[Any, ...] | None = None
    gaps: tuple[Any, ...] = ()
    ends: tuple[float, float] | None = None


def trained_on(estimator: Any, names: Sequence[str]) -> dict[str, Trained]:
    """Return what is known of the columns that go into an estimator, in their order."""
    return dict(_of(estimator, list(names)))


def _of(part: Any, names: list[str]) -> Iterator[tuple[str, Trained]]:
    """Parts contain parts only as deep as a team nests them: recursion ends with the model."""
    kind = type(part).__name__
    ours = type(part).__module__.startswith("sklearn.")
    if kind == "Pipeline":
        first = next((step for _, step in part.steps if step not in (None, "passthrough")), None)
        yield from _of(first, names)
    elif kind == "ColumnTransformer":
        for _, inner, columns in part.transformers_:
            if inner not in ("drop", "passthrough"):
                yield from _of(inner, _chosen(columns, names))
    elif kind == "FeatureUnion":
        for _, inner in part.transformer_list:
            yield from _of(inner, names)
    elif len(getattr(part, "categories_", ())) == len(names) > 0:
        for name, values in zip(names, part.categories_, strict=True):
            yield from ((name, found) for found in [_of_values(values)] if found)
    elif kind == "SimpleImputer" and len(getattr(part, "statistics_", ())) == len(names):
        yield from (
            (name, found) for name, value in zip(names, part.statistics_, strict=True) if (found := _filled(part, value))
        )
    elif not hasattr(part, "estimators_") and (inner := _inner(part)) is not None:
        yield from _of(inner, names)
    elif getattr(part, "calibrated_classifiers_", None):
        yield from _of(part.calibrated_classifiers_[0].estimator, names)
    elif kind in _SAME_COLUMNS:
        for inner in part.estimators_:
            yield from _of(inner, names)
    elif (
        getattr(part, "is_categorical_", None) is not None
    ):  # gradient boosting on histograms, which encodes its own categories
        categorical = [name for name, one in zip(names, part.is_categorical_, strict=True) if one]
        yield from ((name, Trained("number")) for name in names if name not in categorical)
        yield from _of(getattr(part, "_preprocessor", None), names)
    elif ours and not kind.startswith("Dummy") and (kind in _NUMERIC or hasattr(part, "predict")):
        ends = _ends(part, len(names))
        yield from ((name, Trained("number", ends=end)) for name, end in zip(names, ends, strict=True))
    elif hasattr(part, "vocabulary_") and len(names) == 1:
        yield names[0], Trained("string")


def _inner(part: Any) -> Any:
    return next((getattr(part, name) for name in _INNER if hasattr(getattr(part, name, None), "fit")), None)


def _chosen(columns: Any, names: list[str]) -> list[str]:
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):  # by name, both ends included
            first = 0 if columns.start is None else names.index(columns.start)
            return names[first : None if columns.stop is None else names.index(columns.stop) + 1]
        return names[columns]
    listed = [columns] if isinstance(columns, str | int) else list(columns)
    if listed and all(type(one).__name__ in ("bool", "bool_") for one in listed):
        return [name for name, one in zip(names, listed, strict=True) if one]
    return [one if isinstance(one, str) else names[int(one)] for one in listed]


def _of_values(values: Any) -> Trained | None:
    present = [value for value in values.tolist() if not _gap(value)]
    gaps = tuple(value for value in values.tolist() if _gap(value))
    if present and all(isinstance(value, str) for value in present):
        return Trained("string", tuple(present), gaps)
    if present and all(isinstance(value, bool) for value in present):
        return Trained("boolean", tuple(present), gaps)
    if present and all(isinstance(value, int | float) for value in present):
        return Trained("number", tuple(present), gaps)
    return None


def _filled(imputer: Any, value: Any) -> Trained | None:
    """`missing_values` of an imputer of text is what a gap must be for it to be filled."""
    if isinstance(value, str):
        return Trained("string", gaps=(imputer.missing_values,) if _gap(imputer.missing_values) else ())
    return Trained("number") if isinstance(value, int | float) and not _gap(value) else None


def _ends(part: Any, columns: int) -> list[tuple[float, float] | None]:
    """Return the lowest and highest number that a part keeps of each column: where it cuts values off, puts them into bins, or splits."""
    if hasattr(part, "data_min_"):
        return list(zip(part.data_min_.tolist(), part.data_max_.tolist(), strict=True))
    if hasattr(part, "bin_edges_"):
        return [(float(edges[0]), float(edges[-1])) for edges in part.bin_edges_]
    found: list[list[float]] = [[] for _ in range(columns)]
    inner = getattr(part, "estimators_", [part])
    for tree in getattr(inner, "flat", inner):
        if hasattr(tree, "tree_"):
            for column, threshold in zip(tree.tree_.feature.tolist(), tree.tree_.threshold.tolist(), strict=True):
                if column >= 0:
                    found[column].append(threshold)
    return [(min(one), max(one)) if one else None for one in found]


def _gap(value: Any) -> bool:
    return value is None or value != value


def as_trained(frame: pd.DataFrame, known: Mapping[str, Trained]) -> pd.DataFrame:
    """Return the table with plain columns, as the model was trained on them; raises `StepError` naming one that is of another type."""
    import pandas as pd

    made = {name: _column(plain_column(frame[name]), known.get(str(name))) for name in frame.columns}
    return pd.DataFrame(made, index=frame.index, columns=frame.columns)


def _column(values: pd.Series[Any], known: Trained | None) -> pd.Series[Any]:
    from pandas.api import types

    if known is None or (values.isna().all() and known.kind != "string"):
        return values
    present = values.notna()
    if known.kind == "string":
        text = values.map(lambda value: isinstance(value, str)) if types.is_object_dtype(values) else ~present
        _same(values, present & ~text.astype(bool), known)
        _no_text_for_gaps(values, known)
        mark = known.gaps[0] if known.gaps else None
        kept = values.astype(object)
        return kept.where(present, mark) if known.gaps or not types.is_object_dtype(values) else kept
    _same(values, present & ~is_number(values), known)
    return values


def _same(values: pd.Series[Any], other: pd.Series[bool], known: Trained) -> None:
    if other.any():
        raise StepError(
            f"the column {str(values.name)!r} is {_WORDS[known.kind]} in the model and {kind_of(values[other])} in the data, "
            f"such as {example(values, other)}; write it as {_WORDS[known.kind]} where the data are made"
        )


def _no_text_for_gaps(values: pd.Series[Any], known: Trained) -> None:
    """Training read `NA` as a gap where it knows gaps and no such text; as text it would be a stranger that encoders pass over."""
    if known.values is None or not known.gaps:
        return
    strange = values.isin([text for text in GAPS if text not in known.values])
    if strange.any():
        raise StepError(
            f"the column {str(values.name)!r} holds the text {example(values, strange)}, where the model was trained on gaps; "
            "say in the dataset's schema which texts mean no value (`missing`)"
        )
