import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier

from mlspec.errors import StepError

COLUMNS = ["mean radius", "mean texture"]


@pytest.fixture(scope="module")
def cancer(tmp_path_factory):
    """A model of two columns of the breast cancer data, and those data with text labels."""
    folder = tmp_path_factory.mktemp("cancer")
    data = load_breast_cancer(as_frame=True)
    frame = data.data[COLUMNS].assign(found=data.target.map({0: "malignant", 1: "benign"}))
    frame.to_csv(folder / "data", index=False)
    joblib.dump(LogisticRegression(max_iter=1000).fit(frame[COLUMNS], frame["found"]), folder / "model")
    return {"model": folder / "model", "data": folder / "data"}


def test_people_of_the_census(employment, run):
    """The figures are scikit-learn's, computed here once more from the model itself."""
    result, folder = run("evaluate/classifier", {"model": employment / "model", "data": employment / "test"}, target="employed")
    frame = pd.read_parquet(employment / "test")
    model, truth = joblib.load(employment / "model"), frame["employed"]
    score = model.predict_proba(frame)[:, 1]
    assert result == {
        "auc": metrics.roc_auc_score(truth, score),
        "accuracy": metrics.accuracy_score(truth, score >= 0.5),
        "precision": metrics.precision_score(truth, score >= 0.5),
        "recall": metrics.recall_score(truth, score >= 0.5),
        "f1": metrics.f1_score(truth, score >= 0.5),
        "brier": pytest.approx(metrics.brier_score_loss(truth, score), rel=1e-12),
        "log_loss": metrics.log_loss(truth, score),
        "rows": 17322,
    }
    page = (folder / "report").read_text(encoding="utf-8")
    true_negatives = int(((score < 0.5) & (truth == 0)).sum())
    assert f"<td>{true_negatives}</td>" in page
    assert page.count("<svg") == 2
    assert len(page) < 20_000


def test_the_second_class_is_positive_unless_told(cancer, run):
    malignant, _ = run("evaluate/classifier", cancer, target="found")
    benign, _ = run("evaluate/classifier", cancer, target="found", positive="benign")
    frame = pd.read_csv(cancer["data"])
    decided = joblib.load(cancer["model"]).predict(frame[COLUMNS])
    assert malignant["recall"] == metrics.recall_score(frame["found"], decided, pos_label="malignant")
    assert benign["recall"] == metrics.recall_score(frame["found"], decided, pos_label="benign")
    assert benign["auc"] == pytest.approx(malignant["auc"])


def test_a_threshold_moves_the_decisions_alone(cancer, run):
    half, _ = run("evaluate/classifier", cancer, target="found")
    low, _ = run("evaluate/classifier", cancer, target="found", threshold=0.1)
    assert low["recall"] > half["recall"]
    assert low["precision"] < half["precision"]
    assert low["auc"] == half["auc"]


def test_without_a_threshold_the_model_decides(cancer, tmp_path, run):
    inner = joblib.load(cancer["model"])
    tuned = FixedThresholdClassifier(inner, threshold=0.1, pos_label="malignant")
    frame = pd.read_csv(cancer["data"])
    joblib.dump(tuned.fit(frame[COLUMNS], frame["found"]), tmp_path / "tuned")
    own, _ = run("evaluate/classifier", {**cancer, "model": tmp_path / "tuned"}, target="found")
    given, _ = run("evaluate/classifier", cancer, target="found", threshold=0.1)
    assert own["recall"] == given["recall"]


def test_precision_of_no_positives_is_not_a_number(cancer, run):
    result, _ = run("evaluate/classifier", cancer, target="found", threshold=1.0)
    assert np.isnan(result["precision"])
    assert result["recall"] == 0


def test_three_classes(tmp_path, run):
    iris = load_iris(as_frame=True)
    iris.frame.to_parquet(tmp_path / "data")
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    joblib.dump(model, tmp_path / "model")
    inputs = {"model": tmp_path / "model", "data": tmp_path / "data"}
    result, folder = run("evaluate/classifier", inputs, target="target")
    score, truth = model.predict_proba(iris.data), iris.target
    assert result["auc"] == pytest.approx(metrics.roc_auc_score(truth, score, multi_class="ovr"))
    assert result["f1"] == metrics.f1_score(truth, model.predict(iris.data), average="macro")
    assert result["brier"] == pytest.approx(((score - np.eye(3)[truth]) ** 2).sum(axis=1).mean())
    assert "<svg" not in (folder / "report").read_text(encoding="utf-8")
    with pytest.raises(StepError, match="the option 'threshold' is for two classes, and the model has 3"):
        run("evaluate/classifier", inputs, target="target", threshold=0.5)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"target": "fond"}, r"lack the column 'fond', which the option `target` needs; did you mean 'found'\?"),
        ({}, {"positive": "malign"}, r"positive: 'malign' is none of the classes \['benign', 'malignant'\]"),
        ({"found": "benign"}, {}, "all true labels are 'benign'; a classifier cannot be measured on one class"),
        ({"found": [None, "benign"] + ["malignant"] * 567}, {}, "1 of 569 rows have no 'found'"),
        ({"found": [0, 1] * 284 + [0]}, {}, r"the true label '0' is none of the classes \['benign', 'malignant'\]$"),
    ],
)
def test_mistakes(cancer, tmp_path, run, change, options, message):
    pd.read_csv(cancer["data"]).assign(**change).to_csv(tmp_path / "changed", index=False)
    with pytest.raises(StepError, match=message):
        run("evaluate/classifier", {**cancer, "data": tmp_path / "changed"}, **{"target": "found", **options})


def test_no_rows(cancer, tmp_path, run):
    pd.read_csv(cancer["data"]).head(0).to_csv(tmp_path / "none", index=False)
    with pytest.raises(StepError, match="the data have no rows"):
        run("evaluate/classifier", {**cancer, "data": tmp_path / "none"}, target="found")
