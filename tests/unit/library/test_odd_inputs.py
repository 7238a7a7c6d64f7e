"""No table, model or option makes a library step show a traceback: it works, or says one sentence that names what is wrong."""

import datetime as dt
import re
import sys
from decimal import Decimal

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlspec.errors import StepError
from mlspec.library import load

N = 24
X, Y, G = np.linspace(-1, 1, N), [0, 1] * (N // 2), ["a", "b"] * (N // 2)
HALF = N // 2
COLUMNS = {
    "lists": pa.array([[0.1, 0.2]] * N),
    "empty lists": pa.array([[]] * N),
    "mappings": pa.array([{"a": 1}] * N),
    "maps": pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64())),
    "lists of mappings": pa.array([[{"a": [1]}]] * N),
    "decimals": pa.array([Decimal("1.50"), Decimal("2.00")] * HALF, pa.decimal128(18, 2)),
    "decimals with gaps": pa.array([Decimal("1.50"), None] * HALF, pa.decimal256(60, 2)),
    "times": pa.array([dt.datetime(2020, 1, 1)] * N),
    "times of a zone": pa.array([dt.datetime(2020, 1, 1)] * N, pa.timestamp("us", "Europe/Berlin")),
    "far times": pa.array([dt.datetime(9999, 12, 31)] * N, pa.timestamp("us")),
    "dates": pa.array([dt.date(9999, 12, 31), dt.date(1, 1, 1)] * HALF),
    "hours": pa.array([dt.time(1, 2)] * N),
    "durations": pa.array([dt.timedelta(1)] * N),
    "nothing": pa.nulls(N),
    "categories": pa.array(G).dictionary_encode(),
    "whole categories with gaps": pa.array([1, None] * HALF).dictionary_encode(),
    "bytes": pa.array([b"\xff"] * N),
    "wide": pa.array([2**63 + 5] * N, pa.uint64()),
    "wide with gaps": pa.array([2**62 + 1, None] * HALF),
    "half floats": pa.array(np.ones(N, np.float16)),
    "infinity": pa.array([float("inf"), 1.0] * HALF),
    "no numbers": pa.array([float("nan")] * N),
    "booleans with gaps": pa.array([True, None] * HALF),
    "views": pa.array(["東京", "\u202e"] * HALF, pa.string_view()),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("odd")
    features = pd.DataFrame({"w": X, "x": X[::-1] ** 2})
    for name, model in {"trees": HistGradientBoostingClassifier(max_iter=2), "line": LogisticRegression()}.items():
        joblib.dump(model.fit(features, Y), path / name)
    write(path / "table", w=X)
    return path


def write(path, **columns):
    pq.write_table(pa.table({"w": X, "x": X[::-1] ** 2, "y": Y, "g": G, **columns}), path)


def outcome(run, name, inputs, **with_):
    """The sentence that a step ends with; None when it succeeds."""
    try:
        run(name, inputs, **with_)
    except StepError as error:
        assert "cannot do this" not in str(error)
        return str(error)
    return None


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_of_any_type(folder, run, tmp_path, kind):
    """As what a contract is about, as a feature, as the target, as groups."""
    for place in ("w", "y", "g"):
        write(tmp_path / place, **{place: COLUMNS[kind]})
    for asked in ("string", "integer", "number", "boolean", "datetime"):
        (tmp_path / "contract").write_text(f"columns: {{w: {{type: {asked}, unique: true, nullable: true}}}}")
        assert (
            outcome(run, "data/validate", {"data": tmp_path / "w"}, contract=str(tmp_path / "contract"), on_violation="report")
            is None
        )
    trees, line = ({"model": folder / model, "data": tmp_path / "w"} for model in ("trees", "line"))
    said = [
        outcome(run, "evaluate/classifier", trees, target="y"),
        outcome(run, "evaluate/classifier", line, target="y"),
        outcome(run, "export/onnx", trees),
        outcome(run, "export/onnx", line),
        outcome(run, "evaluate/classifier", {**line, "data": tmp_path / "y"}, target="y"),
        outcome(run, "fairness/assess", {**line, "data": tmp_path / "g"}, target="y", sensitive=["g"]),
    ]
    named = re.compile("'[wyg]'|true labels? ")
    assert [one for one in said if one is not None and not named.search(one)] == []


@pytest.mark.parametrize(
    ("kind", "column", "violation"),
    [
        ("lists", {"type": "string"}, "24 of 24 values are no string, such as [0.1, 0.2]"),
        ("lists", {"type": "number", "unique": True}, "24 of 24 values are no number, such as [0.1, 0.2]"),
        ("decimals", {"type": "number", "min": 0, "max": 2, "allowed": [1.5, 2]}, None),
        ("decimals", {"type": "number", "min": 1.75}, "12 of 24 values are below 1.75, such as Decimal('1.50')"),
        ("decimals", {"type": "integer"}, "12 of 24 values are no integer, such as Decimal('1.50')"),
        ("far times", {"type": "datetime", "min": "2000-01-01", "max": "9999-12-31"}, None),
        (
            "dates",
            {"type": "datetime", "min": "1000-01-01"},
            "12 of 24 values are below 1000-01-01, such as datetime.date(1, 1, 1)",
        ),
        ("wide with gaps", {"type": "integer", "nullable": True, "allowed": [2**62 + 1]}, None),
        ("bytes", {"type": "datetime"}, "24 of 24 values are no datetime, such as b'\\xff'"),
    ],
)
def test_contracts_about_columns_of_any_type(run, tmp_path, kind, column, violation):
    import json

    write(tmp_path / "table", w=COLUMNS[kind])
    (tmp_path / "contract").write_text(json.dumps({"columns": {"w": column}}))
    said = outcome(run, "data/validate", {"data": tmp_path / "table"}, contract=str(tmp_path / "contract"))
    assert (said is None) == (violation is None)
    assert violation is None or violation in said


def test_nested_values_that_repeat(run, tmp_path):
    """Long ones that differ in the middle only, which numpy would not print."""
    long = np.zeros((2, 5000))
    long[1, 2500] = 1e-12
    pq.write_table(pa.table({"v": [*long.tolist(), long[0].tolist()]}), tmp_path / "table")
    (tmp_path / "contract").write_text("unique: [v]\ncolumns: {v: {type: string}}")
    said = outcome(run, "data/validate", {"data": tmp_path / "table"}, contract=str(tmp_path / "contract"))
    assert "v: 1 of 3 values repeat earlier ones" in said


MODULE = """
class Model:
    def __init__(self, answers, **attributes):
        self.answers = answers
        self.__dict__.update(attributes)

    def predict(self, rows):
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers


class Classifier(Model):
    def predict_proba(self, rows):
        return self.shares


class Shy(Model):
    @property
    def classes_(self):
        raise RuntimeError("not yet")

    predict_proba = feature_names_in_ = classes_


class Broken:
    def __reduce__(self):
        return eval, ("1 / 0",)
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    path = tmp_path_factory.mktemp("module")
    (path / "odd_models.py").write_text(MODULE)
    sys.path.insert(0, str(path))
    import odd_models

    yield odd_models
    sys.path.remove(str(path))


ROWS = pd.DataFrame({"w": X, "x": X})


@pytest.mark.parametrize(
    ("made", "evaluated", "exported"),
    [
        (lambda _: LinearRegression().fit(ROWS, Y), "a LinearRegression, is no classifier", None),
        (lambda _: KMeans(2).fit(ROWS), "a KMeans, is no classifier", None),
        (lambda _: IsolationForest(n_estimators=2).fit(ROWS), "an IsolationForest, is no classifier", "skl2onnx cannot convert"),
        (lambda _: RandomForestClassifier(2).fit(ROWS, np.c_[Y, Y]), "predicts 2 targets at once", "predicts 2 targets at once"),
        (lambda _: LogisticRegression(), "is not fitted yet", "skl2onnx cannot convert"),
        (lambda _: LogisticRegression, "missing 1 required positional argument", "skl2onnx cannot convert"),
        (lambda _: {"a": 1}, "holds a dict, which cannot predict", "holds a dict"),
        (lambda _: None, "holds a NoneType", "holds a NoneType"),
        (lambda odd: odd.Broken(), "cannot load the model 'model': ZeroDivisionError", "cannot load the model"),
        (lambda odd: odd.Model(KeyError("q")), "is no classifier", "skl2onnx cannot convert"),
        (lambda odd: odd.Shy(Y), "is no classifier", "skl2onnx cannot convert"),
        (lambda odd: odd.Classifier(Y, classes_=7, shares=[[0.5, 0.5]] * N), None, "skl2onnx cannot convert"),
        (lambda odd: odd.Classifier(KeyError("q"), classes_=[0, 1], shares=[[0.5, 0.5]] * N), "these data: KeyError: 'q'", "skl2"),
        (lambda odd: odd.Classifier(["?"] * N, classes_=[0, 1], shares=[[0.5, 0.5]] * N), "label '?' is none of the classes", "skl2"),
        (lambda odd: odd.Classifier([{}] * N, classes_=[0, 1], shares=[[0.5, 0.5]] * N), "label {} is none of the classes", "skl2"),
        (lambda odd: odd.Classifier(Y, classes_=[0, 1], shares=[[2, -1]] * N), "are none in 24 rows: [2.0, -1.0] in row 1", "skl2"),
        (lambda odd: odd.Classifier(Y, classes_=[0, 1], shares=[[np.nan] * 2] * N), "are none in 24 rows: [nan, nan]", "skl2"),
        (lambda odd: odd.Classifier(Y, classes_=[0, 1], shares=[[0.5, 0.5]]), "gives 1 answers for 24 rows", "skl2"),
        (lambda odd: odd.Classifier(Y, classes_=[0, 1], shares=[0.5] * N), "gives no table of numbers", "skl2"),
        (lambda odd: odd.Classifier(Y, classes_=[0, 1], shares=[["a", "b"]] * N), "gives no table of numbers", "skl2"),
        (lambda odd: odd.Classifier(Y, classes_=[0], shares=[[1.0]] * N), "the true label 1 is none of the classes [0]", "skl2"),
    ],
)  # fmt: skip
def test_a_model_of_any_kind(folder, odd, run, tmp_path, made, evaluated, exported):
    joblib.dump(made(odd), tmp_path / "model")
    inputs = {"model": tmp_path / "model", "data": folder / "table"}
    for step, expected, with_ in (("evaluate/classifier", evaluated, {"target": "y"}), ("export/onnx", exported, {})):
        said = outcome(run, step, inputs, features=["w", "x"], **with_)
        assert (said is None) == (expected is None), said
        assert expected is None or expected in said
    outcome(run, "fairness/assess", inputs, target="y", sensitive=["g"], features=["w", "x"])


@pytest.mark.parametrize(
    ("step", "with_", "message"),
    [
        ("evaluate/classifier", {"features": ["w", "w"]}, "the option `features` names the column 'w' twice"),
        ("evaluate/classifier", {"target": "w"}, "the true label -1.0 is none of the classes [0, 1]"),
        ("evaluate/classifier", {"positive": 7}, "positive: 7 is none of the classes [0, 1]"),
        ("fairness/assess", {"sensitive": [""]}, "the data lack the column ''"),
        ("fairness/assess", {"sensitive": ["g"], "min_rows": 10**9}, "fewer than two groups of 'g'"),
        ("export/onnx", {"tolerance": float("nan")}, "option 'tolerance' of export/onnx must be a number, not nan"),
        ("export/onnx", {"opset": 1000}, "skl2onnx cannot convert this LogisticRegression"),
    ],
)
def test_an_option_of_any_value(folder, run, step, with_, message):
    given = {"target": "y", **with_} if "target" in load(step).options else with_
    assert message in outcome(run, step, {"model": folder / "line", "data": folder / "table"}, **given)


@pytest.mark.parametrize(
    ("contract", "message"),
    [
        ("columns: {}\nunique: [[a]]", "2:9: unique names ['a'], which is none of the columns"),
        ("columns: {w: {type: number, min: .nan}}", "1:34: columns.w.min must be a number, not nan"),
        ("columns: {w: {type: number, allowed: [[1]]}}", "1:38: columns.w.allowed holds values that are no number"),
    ],
)
def test_a_contract_of_any_text(folder, run, tmp_path, contract, message):
    (tmp_path / "contract").write_text(contract)
    assert message in outcome(run, "data/validate", {"data": folder / "table"}, contract=str(tmp_path / "contract"))
    assert "embedded null byte" in outcome(run, "data/validate", {"data": folder / "table"}, contract="\0")


def test_columns_that_an_estimator_s_error_does_not_name(folder, run, tmp_path):
    write(tmp_path / "gaps", w=[None, *X[1:]])
    inputs = {"model": folder / "line", "data": tmp_path / "gaps"}
    assert outcome(run, "evaluate/classifier", inputs, target="y") == (
        "the model cannot read these data: Input X contains NaN. (no value is in 'w' in row 1)"
    )


def test_what_nobody_thought_of_is_one_sentence_too(monkeypatch):
    """It says where: there is no traceback to read."""
    step = load("data/validate")
    monkeypatch.setattr("mlspec.library.contract.read_contract", lambda _: 1 / 0)
    with pytest.raises(
        StepError,
        match=r"^data/validate cannot do this: ZeroDivisionError: division by zero \(raised at test_odd_inputs\.py:\d+\)$",
    ):
        step.run({"data": "table"}, {"report": "report"}, {"contract": "contract"})
