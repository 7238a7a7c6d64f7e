from decimal import Decimal

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlspec.errors import StepError
from mlspec.library.preparing import preparation

LOGISTIC = "sklearn.linear_model.LogisticRegression"
BOOSTED = "sklearn.ensemble.HistGradientBoostingClassifier"


@pytest.fixture
def table():
    draw = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "size": draw.normal(size=300),
            "rooms": draw.integers(1, 9, 300),
            "city": draw.choice(["東京", "大阪", None], 300),
            "lift": draw.random(300) < 0.5,
            "age": np.where(draw.random(300) < 0.2, np.nan, draw.normal(size=300)),
        }
    )
    made["sold"] = np.where(made["size"] + (made["city"] == "東京") > 0.3, "yes", "no")
    made["price"] = made["size"] * 3 + made["rooms"]
    return made


@pytest.fixture
def train(run, tmp_path):
    def train_on(frame, estimator, target, **with_):
        frame.to_parquet(tmp_path / "data", index=False)
        metrics, folder = run("train/sklearn", {"data": tmp_path / "data"}, estimator=estimator, target=target, **with_)
        return joblib.load(folder / "model"), metrics

    return train_on


@pytest.mark.parametrize("estimator", [LOGISTIC, BOOSTED])
def test_text_gaps_and_booleans_are_prepared_and_go_to_onnx(table, train, run, tmp_path, estimator):
    _, metrics = train(table, estimator, "sold", drop=["price"], params={"max_iter": 60})
    assert metrics["rows"] == 300
    assert metrics["columns"] == 5
    assert metrics["score"] > 0.95
    compared, _ = run("export/onnx", {"model": tmp_path / "model", "data": tmp_path / "data"})
    assert compared["mismatched_labels"] == 0


@pytest.mark.parametrize("estimator", [LOGISTIC, BOOSTED])
def test_booleans_of_a_file_are_read_as_they_were_trained_on(table, run, tmp_path, estimator):
    table[["lift", "size", "sold"]].to_csv(tmp_path / "data", index=False)  # `True` and `False`
    _, folder = run("train/sklearn", {"data": tmp_path / "data"}, estimator=estimator, target="sold")
    before, _ = run(
        "evaluate/classifier", {"model": folder / "model", "data": tmp_path / "data"}, target="sold", positive="yes"
    )
    run("export/onnx", {"model": folder / "model", "data": tmp_path / "data"})
    after, _ = run("evaluate/classifier", {"model": folder / "model", "data": tmp_path / "data"}, target="sold", positive="yes")
    assert before["auc"] == pytest.approx(after["auc"], abs=1e-6)


def test_boosted_trees_take_names_of_any_kind(table, train):
    table = table.rename(columns={"size": 'size, "m²"', "rooms": "[rooms]", "age": "age:{years}"})
    table["sold"] = (table["sold"] == "yes").astype(int)  # XGBoost takes classes from 0 on
    model, metrics = train(table, "xgboost.XGBClassifier", "sold", drop=["price"], params={"n_estimators": 20})
    assert metrics["score"] > 0.9
    assert list(model.feature_names_in_) == [name for name in table.columns if name not in ("sold", "price")]


def test_it_is_what_scikit_learn_gives(table, train):
    from sklearn.linear_model import Ridge

    numbers = table[["size", "rooms", "price"]]
    model, metrics = train(numbers, "sklearn.linear_model.Ridge", "price", params={"alpha": 0.5})
    inputs = numbers[["size", "rooms"]]
    scaled = (inputs - inputs.mean()) / inputs.std(ddof=0)
    expected = Ridge(alpha=0.5).fit(scaled, numbers["price"])
    np.testing.assert_allclose(model.predict(inputs), expected.predict(scaled), rtol=1e-12)
    assert metrics["score"] == pytest.approx(expected.score(scaled, numbers["price"]), rel=1e-12)


def test_the_same_seed_gives_the_same_bytes(table, train, tmp_path):
    def file(seed):
        train(table, "sklearn.ensemble.RandomForestClassifier", "sold", seed=seed, params={"n_estimators": 5})
        return (tmp_path / "model").read_bytes()

    assert file(1) == file(1)
    assert file(1) != file(2)


@pytest.mark.parametrize(
    ("estimator", "with_", "message"),
    [
        ("LogisticRegression", {}, "must be a class with its module"),
        ("os.system", {}, "must be a class of sklearn, xgboost, lightgbm"),
        ("sklearn.svm.LogisticRegresion", {}, r"did you mean sklearn\.linear_model\.LogisticRegression\?"),
        ("sklearn.preprocessing.StandardScaler", {}, "there is no estimator"),
        ("sklearn.ensemble.VotingClassifier", {}, "made of other estimators"),
        (LOGISTIC, {"params": {"c": 1}}, r"has no parameter 'c'; did you mean 'C'\?"),
        (LOGISTIC, {"params": {"C": -1}}, "cannot be fitted: The 'C' parameter"),
        (LOGISTIC, {"drop": ["cty"]}, r"the data lack the column 'cty', which the training needs; did you mean 'city'\?"),
        (LOGISTIC, {"target": "sell"}, "the data lack the column 'sell'"),
        (LOGISTIC, {"features": ["sold"], "target": "sold"}, "the target 'sold' is among the features"),
    ],
)
def test_what_cannot_be_trained_is_said(table, train, estimator, with_, message):
    with pytest.raises(StepError, match=message):
        train(table, estimator, **{"target": "sold", **with_})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([f"customer {number}" for number in range(1200)], "has 1200 different texts, more than 1000"),
        (pd.date_range("2024-01-01", periods=1200), "holds times, which no estimator takes"),
        ([None] * 1200, "has no value in any row"),
        ([["a"]] * 1200, "holds lists, which no estimator takes"),
    ],
    ids=["ids", "times", "nothing", "lists"],
)
def test_a_column_that_cannot_go_in_is_named(train, values, message):
    with pytest.raises(StepError, match=f"'odd' {message}"):
        train(pd.DataFrame({"odd": values, "y": [0, 1] * 600}), LOGISTIC, "y")


def test_one_class(table, train):
    with pytest.raises(StepError, match="cannot be fitted"):
        train(table.assign(sold="yes"), LOGISTIC, "sold")


def test_decimals_are_numbers(table, train):
    money = pd.Series([Decimal(f"{price:.2f}") for price in table["price"]], dtype=object)
    frame = pd.DataFrame({"x": money, "y": (table["price"] > 0).astype(int)})
    model, metrics = train(frame, LOGISTIC, "y")
    assert metrics["score"] > 0.95
    assert model.predict(pd.DataFrame({"x": [20.0]})).tolist() == [1]


@pytest.mark.parametrize(
    ("estimator", "params", "said"),
    [
        ("sklearn.ensemble.IsolationForest", {}, "IsolationForest is neither a classifier nor a regressor"),
        ("sklearn.ensemble.BaggingClassifier", {"estimator": "x"}, "BaggingClassifier cannot be fitted: AttributeError: "),
        ("sklearn.ensemble.RandomForestClassifier", {"max_depth": 10**21}, "cannot be fitted: OverflowError: "),
    ],
)
def test_what_an_estimator_refuses_is_one_sentence(table, train, estimator, params, said):
    with pytest.raises(StepError) as caught:
        train(table[["size", "sold"]], estimator, "sold", params=params)
    assert said in str(caught.value)
    assert "raised at" not in str(caught.value)


def test_whole_numbers_that_nothing_holds_are_named():
    with pytest.raises(StepError, match="the column 'x' holds whole numbers of more than 64 bits"):
        preparation(pd.DataFrame({"x": pd.Series([10**30, 1], dtype=object)}), LogisticRegression())
