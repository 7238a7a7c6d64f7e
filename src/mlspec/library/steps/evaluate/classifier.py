"""`evaluate/classifier`: how well a classifier does on data it has not seen.

In: a model and a dataset with the true labels. Out: metrics, and an HTML report.
Owns which figures describe a classifier; never judges them (that is a gate's) and never splits data.
Change it when another figure or chart is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Outputs, Paths, Port, path_of
from mlspec.library.options import COLUMNS, DECISION, READING, TRUST

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]

_POINTS = 200


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    import numpy as np

    from mlspec.library.estimator import features_for, load_model, wanted
    from mlspec.library.frames import read_table
    from mlspec.library.labels import classes_of, decisions, places, positive_place, shares, true_labels
    from mlspec.library.page import page
    from mlspec.library.schema import schema_of

    model = load_model(path_of(inputs, "model"))
    frame = read_table(path_of(inputs, "data"), schema_of(with_), wanted(model, with_["target"]))
    truth = true_labels(frame, with_["target"])
    features = features_for(model, frame, with_, not_features=[with_["target"]])
    probabilities = shares(model.probabilities(features))
    classes = classes_of(model, truth)
    if len(classes) != probabilities.shape[1]:
        raise StepError(f"the model has {probabilities.shape[1]} classes, but the data have {len(classes)}: {classes!r}")
    actual = places(truth, classes, "the true label")
    if len(classes) == 2:
        positive = positive_place(classes, with_["positive"])
        hit, score = actual == positive, probabilities[:, positive]
        chosen = decisions(model, features, classes, positive, with_["threshold"])
        decided = np.where(chosen, positive, 1 - positive)
        figures, charts = _binary(hit, score, chosen), [_charts(hit, score)]
        about = f"Positive is {classes[positive]!r}."
    else:
        for name in ("positive", "threshold"):
            if with_[name] is not None:
                raise StepError(f"the option {name!r} is for two classes, and the model has {len(classes)}")
        decided = places(model.predict(features), classes, "the predicted label")
        figures, charts = _several(actual, probabilities, decided), []
        about = "Precision, recall and F1 are unweighted means over the classes; the AUC is one against the rest."
    figures["rows"] = len(frame)
    sections = [_summary(about, figures), _confusion(actual, decided, classes), *charts]
    outputs["report"].write_text(page("Evaluation", sections), encoding="utf-8")
    return figures


def _binary(actual: Array, score: Array, decided: Array) -> dict[str, float]:
    from sklearn import metrics

    return {
        "auc": float(metrics.roc_auc_score(actual, score)),
        "accuracy": float(metrics.accuracy_score(actual, decided)),
        # NaN, not 0, where nothing was called positive: a gate then fails with an error instead of comparing a made-up number.
        "precision": float(metrics.precision_score(actual, decided, zero_division=math.nan)),
        "recall": float(metrics.recall_score(actual, decided, zero_division=math.nan)),
        "f1": float(metrics.f1_score(actual, decided, zero_division=math.nan)),
        "brier": float(((score - actual) ** 2).mean()),
        "log_loss": float(metrics.log_loss(actual, score)),
    }


def _several(actual: Array, probabilities: Array, decided: Array) -> dict[str, float]:
    import numpy as np
    from sklearn import metrics

    # float32 probabilities do not add up to 1 closely enough for scikit-learn.
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    labels = list(range(probabilities.shape[1]))
    macro: dict[str, Any] = {"labels": labels, "average": "macro", "zero_division": math.nan}
    hit = np.eye(len(labels))[actual]
    return {
        "auc": float(metrics.roc_auc_score(actual, probabilities, multi_class="ovr", labels=labels)),
        "accuracy": float(metrics.accuracy_score(actual, decided)),
        "precision": float(metrics.precision_score(actual, decided, **macro)),
        "recall": float(metrics.recall_score(actual, decided, **macro)),
        "f1": float(metrics.f1_score(actual, decided, **macro)),
        "brier": float(((probabilities - hit) ** 2).sum(axis=1).mean()),
        "log_loss": float(metrics.log_loss(actual, probabilities, labels=labels)),
    }


def _summary(about: str, figures: Mapping[str, float]) -> str:
    from mlspec.library.page import table, text

    return text(about) + "\n" + table("Figures", ["figure", "value"], figures.items())


def _confusion(actual: Array, decided: Array, classes: list[Any]) -> str:
    from sklearn.metrics import confusion_matrix

    from mlspec.library.page import table

    counts = confusion_matrix(actual, decided, labels=list(range(len(classes)))).tolist()
    rows = [[str(label), *row] for label, row in zip(classes, counts, strict=True)]
    return table("Confusion matrix: true labels down, predicted across", ["", *map(str, classes)], rows)


def _charts(actual: Array, score: Array) -> str:
    import numpy as np
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import roc_curve

    from mlspec.library.page import curve, curves

    false_rate, true_rate, _ = roc_curve(actual, score)
    some = np.unique(np.linspace(0, len(true_rate) - 1, _POINTS).round().astype(int))
    share, predicted = calibration_curve(actual, score, n_bins=10, strategy="quantile")
    return curves(
        curve("ROC", "false positive rate", "true positive rate", list(zip(false_rate[some], true_rate[some], strict=True))),
        curve("Calibration", "predicted probability", "share of positives", list(zip(predicted, share, strict=True))),
    )


STEP = LibraryStep(
    name="evaluate/classifier",
    summary="Measures a classifier on labelled data: AUC, accuracy, precision, recall, F1, Brier score, log loss",
    stage="model",
    inputs={
        "model": Port("model", "The fitted classifier: scikit-learn (joblib or pickle) or ONNX"),
        "data": Port("dataset", "Rows the model was not trained on, with their true labels"),
    },
    outputs={
        "metrics": Port(
            "metrics",
            "auc, accuracy, precision, recall, f1, brier, log_loss, rows",
            fields=("auc", "accuracy", "precision", "recall", "f1", "brier", "log_loss", "rows"),
        ),
        "report": Port("report", "HTML: the figures, the confusion matrix, ROC and calibration curves", file="report.html"),
    },
    options={**DECISION, **COLUMNS, **READING, **TRUST},
    requirements=("scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
