"""What an estimator tells of the columns it was fitted on, and what a table of other types is told."""

import re

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from mlspec.errors import StepError
from mlspec.library.trained import Trained, as_trained, trained_on

CODES = np.tile(["01", "02", "10"], 200)
NOISE = np.random.default_rng(1).random(600)
FRAME = pd.DataFrame({"code": CODES, "x": np.linspace(-1, 1, 600), "n": np.arange(600)})
Y = ((CODES == "02") ^ (NOISE < 0.05)).astype(int)


def encoded(encoder=None, rest="passthrough"):
    return ColumnTransformer([("c", encoder or OneHotEncoder(handle_unknown="ignore"), ["code"])], remainder=rest)


def piped(first):
    return make_pipeline(first, LogisticRegression(max_iter=1000))


IMPUTED = make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder())
TEXTS = make_column_selector(dtype_include=object)


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        (piped(encoded()), {"code": "string"}),
        (make_pipeline(encoded(rest=StandardScaler()), LogisticRegression()), {"code": "string", "x": "number", "n": "number"}),
        (piped(encoded(IMPUTED)), {"code": "string"}),
        (CalibratedClassifierCV(piped(encoded()), cv=2), {"code": "string"}),
        (GridSearchCV(piped(encoded()), {}, cv=2), {"code": "string"}),
        (VotingClassifier([("a", piped(encoded()))]), {"code": "string"}),
        (make_pipeline(ColumnTransformer([("t", TfidfVectorizer(), "code")]), LogisticRegression()), {"code": "string"}),
        (piped(ColumnTransformer([("o", OneHotEncoder(), TEXTS)])), {"code": "string"}),
        (make_pipeline(FunctionTransformer(lambda frame: frame[["x"]]), LogisticRegression()), {}),
        (HistGradientBoostingClassifier(max_iter=3), {"code": "string", "x": "number", "n": "number"}),
    ],
)  # fmt: skip
def test_what_models_tell(model, kinds):
    frame = FRAME.astype({"code": "category"}) if isinstance(model, HistGradientBoostingClassifier) else FRAME
    known = trained_on(model.fit(frame, Y), list(FRAME.columns))
    assert {name: one.kind for name, one in known.items()} == kinds


def test_numbers_of_predictors_have_ends():
    known = trained_on(RandomForestClassifier(3, random_state=1).fit(FRAME[["x", "n"]], Y), ["x", "n"])
    low, high = known["n"].ends
    assert 0 < low < high < 599


@pytest.mark.parametrize(
    ("values", "known", "message"),
    [
        ([1, 2], Trained("string"), "the column 'a' is text in the model and whole numbers in the data, such as 1 in rows 1, 2; write"),
        ([1.5, None], Trained("string"), "is text in the model and numbers in the data, such as 1.5 in row 1;"),
        (["x", 2, None], Trained("string"), "is text in the model and whole numbers in the data, such as 2 in row 2;"),
        ([True, False], Trained("string"), "is text in the model and true or false in the data, such as True in rows 1, 2;"),
        (["01", "x", "3", "4"], Trained("number"), "is numbers in the model and text in the data, such as '01' in rows 1, 2, 3 and 1 more"),
        (["a", "NA"], Trained("string", ("a",), (np.nan,)), "holds the text 'NA' in row 2, where the model was trained on gaps; say"),
    ],
)  # fmt: skip
def test_columns_of_another_type(values, known, message):
    with pytest.raises(StepError, match=re.escape(message)):
        as_trained(pd.DataFrame({"a": values}), {"a": known})


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (["a", None], Trained("string")),
        ([None, None], Trained("string")),
        (["NA", "a"], Trained("string", ("a", "NA"), (np.nan,))),
        ([True, None], Trained("number")),
        ([1, 2], Trained("boolean")),
        ([None, None], Trained("number")),
    ],
)
def test_columns_that_fit(values, known):
    assert len(as_trained(pd.DataFrame({"a": values}), {"a": known})) == 2


@pytest.mark.parametrize("fitted_on", ["csv", "parquet"])
@pytest.mark.parametrize("exported", [False, True])
def test_codes_are_the_same_text_in_csv_and_parquet(tmp_path, run, fitted_on, exported):
    """Department codes with leading zeros; in the second table none has one, so that only the model knows them to be text."""
    table = FRAME.assign(y=Y)
    parts = {"all": table, "tens": table[(table["code"] == "10") | (table.index < 0)]}
    for name, part in parts.items():
        part.to_csv(tmp_path / f"{name}.csv", index=False)
        part.to_parquet(tmp_path / f"{name}.parquet")
    data = (
        pd.read_csv(tmp_path / "all.csv", dtype={"code": str})
        if fitted_on == "csv"
        else pd.read_parquet(tmp_path / "all.parquet")
    )
    model = piped(encoded()).fit(data[["code", "x", "n"]], data["y"])
    joblib.dump(model, tmp_path / "fitted")
    used = tmp_path / "fitted"
    if exported:
        run("export/onnx", {"model": used, "data": tmp_path / "all.csv"})
        used = (tmp_path / "model").rename(tmp_path / "exported")
    for name in parts:
        found = [
            run("evaluate/classifier", {"model": used, "data": tmp_path / f"{name}.{kind}"}, target="y")[0]
            for kind in ("csv", "parquet")
        ]
        assert found[0] == found[1]


def test_whole_numbers_where_the_model_knows_text(tmp_path, run):
    table = FRAME.assign(y=Y)
    joblib.dump(piped(encoded()).fit(FRAME, Y), tmp_path / "fitted")
    table.assign(code=table["code"].astype(int)).to_parquet(tmp_path / "data")
    with pytest.raises(
        StepError,
        match="the column 'code' is text in the model and whole numbers in the data, such as 1 in rows 1, 2, 3 and 597 more;",
    ):
        run("evaluate/classifier", {"model": tmp_path / "fitted", "data": tmp_path / "data"}, target="y")


def test_labels_that_are_codes(tmp_path, run):
    """Classes '00' and '10', in a table whose labels alone would be read as numbers."""
    frame = FRAME[["x", "n"]]
    joblib.dump(LogisticRegression(max_iter=1000).fit(frame, np.where(Y, "10", "20")), tmp_path / "fitted")
    frame.assign(y=np.where(Y, "10", "20")).to_csv(tmp_path / "data", index=False)
    inputs = {"model": tmp_path / "fitted", "data": tmp_path / "data"}
    found, _ = run("evaluate/classifier", inputs, target="y")
    run("export/onnx", inputs)
    (tmp_path / "model").rename(tmp_path / "exported")
    assert run("evaluate/classifier", {**inputs, "model": tmp_path / "exported"}, target="y")[0] == pytest.approx(
        found, rel=1e-4
    )
