"""`fairness/assess`: whether a classifier's decisions differ between groups of people.

In: a model and a dataset with true labels and sensitive columns. Out: metrics, a table of the groups, an HTML report.
Owns which figures are compared between groups (Fairlearn computes them); never judges them (that is a gate's).
Change it when another figure or another way to form groups is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import COLUMNS, DECISION, READING, TRUST

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array: TypeAlias = np.ndarray[Any, Any]

MOST_GROUPS = 50
FIGURES = ("rows", "selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")
DIFFERENCES = {
    "equalized_odds_difference": "the larger of the differences in true and in false positive rate",
    "equal_opportunity_difference": "the difference in true positive rate",
    "demographic_parity_difference": "the difference in selection rate",
    "accuracy_difference": "the difference in accuracy",
}


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    import pandas as pd

    from mlspec.library.estimator import features_for, load_model, wanted
    from mlspec.library.frames import need_columns, read_table
    from mlspec.library.labels import classes_of, decisions, places, positive_place, true_labels
    from mlspec.library.schema import schema_of

    sensitive: list[str] = with_["sensitive"]
    if not sensitive:
        raise StepError("the option 'sensitive' must name at least one column")
    model = load_model(path_of(inputs, "model"))
    frame = read_table(path_of(inputs, "data"), schema_of(with_), wanted(model, with_["target"]))
    need_columns(frame, sensitive, "the option `sensitive`")
    truth = true_labels(frame, with_["target"])
    classes = classes_of(model, truth)
    positive = positive_place(classes, with_["positive"])
    features = features_for(model, frame, with_, not_features=[with_["target"]])
    actual = places(truth, classes, "the true label") == positive
    chosen = decisions(model, features, classes, positive, with_["threshold"])

    tables = {name: _by_group(actual, chosen, _groups(frame[name])) for name in sensitive}
    apart = {name: _differences(table, with_["min_rows"], name) for name, table in tables.items()}
    metrics: dict[str, float] = {name: _worst(apart, name) for name in DIFFERENCES} | _flat(tables)
    metrics["rows"] = len(frame)
    parts = [table.rename_axis("group").reset_index() for table in tables.values()]
    for column, part in zip(tables, parts, strict=True):
        part.insert(0, "column", column)
    pd.concat(parts).to_csv(outputs["table"], index=False, lineterminator="\n")
    outputs["report"].write_text(_report(tables, apart, str(classes[positive]), with_["min_rows"]), encoding="utf-8")
    return metrics


def _groups(column: pd.Series[Any]) -> pd.Series[Any]:
    from mlspec.library.groups import groups_of

    groups = groups_of(column)
    count = groups.nunique()
    if count > MOST_GROUPS:
        raise StepError(f"the column {column.name!r} has {count} values; put them into at most {MOST_GROUPS} groups first")
    if count < 2:
        raise StepError(f"the column {column.name!r} has one group only, {groups.iloc[0]!r}; there is nothing to compare")
    return groups


def _by_group(actual: Array, chosen: Array, groups: pd.Series[Any]) -> pd.DataFrame:
    """Return one row a group, sorted, with the columns `FIGURES`; a rate that has no rows to count is NaN."""
    from fairlearn.metrics import MetricFrame, count, selection_rate
    from sklearn.metrics import accuracy_score

    frame = MetricFrame(
        metrics={
            "rows": count,
            "selection_rate": selection_rate,
            "true_positive_rate": _rate_among(True),
            "false_positive_rate": _rate_among(False),
            "accuracy": accuracy_score,
        },
        y_true=actual,
        y_pred=chosen,
        sensitive_features=groups.to_numpy(),
    )
    return frame.by_group[list(FIGURES)].astype({"rows": int})


def _rate_among(label: bool) -> Any:
    """Return the metric "share chosen among rows with this label". Fairlearn's own is 0 when there are none: not a rate."""

    def rate(y_true: Array, y_pred: Array) -> float:
        among = y_pred[y_true == label]
        return float(among.mean()) if len(among) else math.nan

    return rate


def _differences(table: pd.DataFrame, min_rows: int, column: str) -> dict[str, float]:
    """Return the `DIFFERENCES` between the groups of at least `min_rows` rows; NaN when a rate of one of them is."""
    compared = table[table["rows"] >= min_rows]
    if len(compared) < 2:
        raise StepError(f"fewer than two groups of {column!r} have {min_rows} rows; there is nothing to compare")
    spread = {name: float(compared[name].max(skipna=False) - compared[name].min(skipna=False)) for name in FIGURES[1:]}
    rates = (spread["true_positive_rate"], spread["false_positive_rate"])
    return {
        "equalized_odds_difference": math.nan if any(map(math.isnan, rates)) else max(rates),
        "equal_opportunity_difference": spread["true_positive_rate"],
        "demographic_parity_difference": spread["selection_rate"],
        "accuracy_difference": spread["accuracy"],
    }


def _worst(apart: Mapping[str, Mapping[str, float]], name: str) -> float:
    values = [differences[name] for differences in apart.values()]
    return math.nan if any(map(math.isnan, values)) else max(values)


def _flat(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return `selection_rate__SEX_1` and so on."""
    from mlspec.library.groups import labels_of

    labels = labels_of((column, str(group)) for column, table in tables.items() for group in table.index)
    flat: dict[str, float] = {}
    for (column, group), label in labels.items():
        row = tables[column].loc[group]
        flat |= {f"{name}__{label}": float(row[name]) for name in FIGURES[1:]}
        flat[f"rows__{label}"] = int(row["rows"])
    return flat


def _report(tables: Mapping[str, pd.DataFrame], apart: Mapping[str, Mapping[str, float]], positive: str, min_rows: int) -> str:
    from mlspec.library.page import page, table, text

    sections = [text(f"Selected means: decided for {positive!r}. A difference is that between the extremes of the groups.")]
    if min_rows > 1:
        sections.append(text(f"Groups of fewer than {min_rows} rows are shown, but not compared."))
    for column, groups in tables.items():
        rows = [[group, int(row["rows"]), *(float(row[name]) for name in FIGURES[1:])] for group, row in groups.iterrows()]
        sections.append(table(f"By {column}", [column, *(name.replace("_", " ") for name in FIGURES)], rows))
        meanings = [[name.replace("_", " "), apart[column][name], words] for name, words in DIFFERENCES.items()]
        sections.append(table(f"Differences by {column}", ["figure", "value", "which is"], meanings))
    return page("Fairness", sections)


STEP = LibraryStep(
    name="fairness/assess",
    summary="Compares a classifier's decisions between groups of people: selection rates, error rates, their differences",
    stage="model",
    inputs={
        "model": Port("model", "The fitted classifier of two classes: scikit-learn (joblib or pickle) or ONNX"),
        "data": Port("dataset", "Rows the model was not trained on, with true labels and the sensitive columns"),
    },
    outputs={
        "metrics": Port(
            "metrics",
            "equalized_odds_difference, equal_opportunity_difference, demographic_parity_difference, accuracy_difference "
            "(each the largest over the sensitive columns), rows, and each group's rates (`selection_rate__SEX_1`)",
            fields=(
                "equalized_odds_difference",
                "equal_opportunity_difference",
                "demographic_parity_difference",
                "accuracy_difference",
                "rows",
                "rows__*",
                "selection_rate__*",
                "true_positive_rate__*",
                "false_positive_rate__*",
                "accuracy__*",
            ),
        ),
        "table": Port(
            "report", "CSV: one row a group with its rows, selection rate, error rates and accuracy", file="table.csv"
        ),
        "report": Port("report", "HTML: the same table and the differences", file="report.html"),
    },
    options={
        **DECISION,
        "sensitive": Option("list", "The columns whose values are the groups to compare", required=True, items="string"),
        "min_rows": Option("integer", "Groups of fewer rows are shown, but not compared", default=1, minimum=1),
        **COLUMNS,
        **READING,
        **TRUST,
    },
    requirements=("fairlearn", "scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
