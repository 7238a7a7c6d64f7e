import re

import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mlspec.errors import StepError
from mlspec.library import load
from mlspec.library.steps.export.onnx import _serialized

pytestmark = pytest.mark.filterwarnings("ignore:Field onnx.AttributeProto:DeprecationWarning")  # skl2onnx's own matter


@pytest.fixture
def export(tmp_path, run):
    """Fit a model on a table's columns, export it: `(metrics, bytes of the ONNX file)`."""

    def fit_and_export(estimator, frame, target, **with_):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        joblib.dump(estimator.fit(frame.drop(columns=target), frame[target]), folder / "model")
        frame.to_parquet(folder / "data")
        result, made = run("export/onnx", {"model": folder / "model", "data": folder / "data"}, **with_)
        return result, (made / "model").read_bytes()

    return fit_and_export


def test_the_census_model_answers_alike(employment, run):
    inputs = {"model": employment / "model", "data": employment / "test"}
    result, folder = run("export/onnx", inputs, rows=20_000)
    assert result["rows"] == 17322
    assert result["mismatched_labels"] == 0
    assert 0 < result["max_abs_difference"] < 1e-6
    assert result["bytes"] == (folder / "model").stat().st_size
    graph = onnx.load(str(folder / "model")).graph
    assert [item.name for item in graph.input][:3] == ["AGEP", "SCHL", "DIS"]
    assert [item.name for item in graph.output] == ["label", "probabilities"]


def test_the_onnx_model_is_evaluated_like_the_original(employment, run, tmp_path):
    inputs = {"model": employment / "model", "data": employment / "test"}
    run("export/onnx", inputs)
    exported = (tmp_path / "model").rename(tmp_path / "exported")
    for step, with_ in (("evaluate/classifier", {}), ("fairness/assess", {"sensitive": ["SEX"]})):
        original, _ = run(step, inputs, target="employed", **with_)
        found, _ = run(step, {**inputs, "model": exported}, target="employed", **with_)
        assert found == pytest.approx(original, rel=1e-5)


@pytest.mark.parametrize("estimator", [LogisticRegression(max_iter=5000), make_pipeline(StandardScaler(), RidgeClassifier())])
def test_models_of_numbers_get_one_input(export, estimator):
    frame = load_breast_cancer(as_frame=True).frame
    result, content = export(estimator, frame, "target")
    assert result["mismatched_labels"] == 0
    model = onnx.load_model_from_string(content)
    assert [item.name for item in model.graph.input] == ["X"]
    assert model.metadata_props[0].value.startswith('["mean radius", "mean texture"')


def test_one_input_for_all_columns_is_fed_by_name(export, run, tmp_path):
    """The file notes the order of its columns, so that another order in the data does no harm."""
    frame = load_iris(as_frame=True).frame
    _, content = export(LogisticRegression(max_iter=500), frame, "target")
    (tmp_path / "exported").write_bytes(content)
    frame[frame.columns[::-1]].to_parquet(tmp_path / "turned")
    result, _ = run("evaluate/classifier", {"model": tmp_path / "exported", "data": tmp_path / "turned"}, target="target")
    assert result["accuracy"] > 0.95


def test_a_regressor(export):
    frame = load_diabetes(as_frame=True).frame
    result, _ = export(GradientBoostingRegressor(n_estimators=10, random_state=1), frame, "target", tolerance=0.01)
    assert result["mismatched_labels"] == 0
    assert 0 < result["max_abs_difference"] < 0.01


def test_text_and_numbers_by_name(export):
    frame = load_iris(as_frame=True).frame
    frame["size"] = np.where(frame["petal length (cm)"] > 4, "large", "small")
    frame["whole"] = frame["petal width (cm)"].round().astype(int)
    frame["code"] = frame["whole"]
    columns = ColumnTransformer([("text", OneHotEncoder(), ["size", "code"])], remainder="passthrough")
    result, content = export(make_pipeline(columns, LogisticRegression(max_iter=500)), frame, "target")
    assert result["mismatched_labels"] == 0
    kinds = {item.name: item.type.tensor_type.elem_type for item in onnx.load_model_from_string(content).graph.input}
    assert (kinds["size"], kinds["code"], kinds["whole"], kinds["petal_width__cm_"]) == (
        onnx.TensorProto.STRING,
        onnx.TensorProto.INT64,
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.FLOAT,
    )


def test_an_export_that_answers_otherwise_fails(export):
    """Two 64-bit numbers that are one 32-bit number: the original tells them apart, ONNX cannot."""
    frame = pd.DataFrame({"x": [1.0, 1.0 + 1e-12] * 50, "y": [0, 1] * 50})
    with pytest.raises(
        StepError,
        match=r"not answer like the original on 100 rows: probabilities differ by up to 1, .*, 50 predicted labels differ .* on row 2\. "
        "The inputs of the ONNX model are 32-bit floats, and with its numbers rounded to those the original answers so, too",
    ):
        export(KNeighborsClassifier(1), frame, "y")
    result, _ = export(KNeighborsClassifier(1), frame, "y", tolerance=1, max_mismatches=50)
    assert result["mismatched_labels"] == 50


def test_rows_are_spread_over_the_data(export):
    frame = load_iris(as_frame=True).frame
    result, _ = export(LogisticRegression(max_iter=500), frame, "target", rows=7)
    assert result["rows"] == 7


def test_the_opset_asked_for(export):
    frame = load_iris(as_frame=True).frame
    _, content = export(LogisticRegression(max_iter=500), frame, "target", opset=15)
    assert {item.domain: item.version for item in onnx.load_model_from_string(content).opset_import}[""] <= 15


def test_the_order_of_operator_sets_is_not_that_of_a_process():
    """skl2onnx keeps them in a set, whose order every process draws anew."""
    sets = [onnx.helper.make_opsetid(domain, version) for domain, version in (("ai.onnx.ml", 1), ("", 22))]
    graph = onnx.helper.make_graph([], "model", [], [])
    models = [onnx.helper.make_model(graph, opset_imports=order) for order in (sets, sets[::-1])]
    assert len({model.SerializeToString(deterministic=True) for model in models}) == 2
    assert len({_serialized(model, []) for model in models}) == 1


def test_what_skl2onnx_cannot_convert(export):
    frame = load_iris(as_frame=True).frame
    model = make_pipeline(FunctionTransformer(np.tanh), LogisticRegression(max_iter=500))
    with pytest.raises(StepError, match="skl2onnx cannot convert this Pipeline: "):
        export(model, frame, "target")


def test_text_beside_numbers_without_branches(export):
    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": [1, 2] * 20, "y": [0, 1] * 20})
    model = make_pipeline(OneHotEncoder(), RandomForestClassifier(5, random_state=1))
    with pytest.raises(StepError, match="give each its own branch with scikit-learn's ColumnTransformer"):
        export(model, frame, "y")


def test_mistakes(employment, run, tmp_path):
    run("export/onnx", {"model": employment / "model", "data": employment / "test"})
    exported = (tmp_path / "model").rename(tmp_path / "exported")
    with pytest.raises(StepError, match="the model is ONNX already"):
        run("export/onnx", {"model": exported, "data": employment / "test"})
    pd.read_parquet(employment / "test").head(0).to_parquet(tmp_path / "none")
    with pytest.raises(StepError, match="no rows to compare"):
        run("export/onnx", {"model": employment / "model", "data": tmp_path / "none"})
    assert not (tmp_path / "model").exists()
    assert load("export/onnx").problems({"rows": 0})[0].message == "option 'rows' of export/onnx must be at least 1, not 0"


def test_house_prices_differ_by_the_precision_of_the_format_only(export):
    """A tenth of a unit on prices near a million: less than the last digit of a 32-bit float."""
    rows = np.random.default_rng(1)
    frame = pd.DataFrame({"area": rows.uniform(500, 4000, 600).round(1), "rooms": rows.integers(1, 9, 600)})
    frame["price"] = frame["area"] * 213.7 + frame["rooms"] * 10500 + rows.normal(0, 20000, 600)
    result, _ = export(LinearRegression(), frame, "price")
    assert result["max_abs_difference"] > 0.01 and result["max_relative_difference"] < 1e-6
    with pytest.raises(
        StepError, match=r"predictions differ by up to 0\.\d+, \S+e-0\d of themselves \(tolerance 0\.0001, relative 0\)"
    ) as caught:
        export(LinearRegression(), frame, "price", relative_tolerance=0)
    assert "labels" not in str(caught.value) and "tree" not in str(caught.value)


def whole_numbers(seed=1):
    rows = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rows.integers(18, 70, 600), "income": rows.integers(10, 90, 600)})
    frame["y"] = ((frame["age"] + frame["income"] > 85) ^ (rows.random(600) < 0.1)).astype(int)
    return frame


@pytest.mark.parametrize("change", [lambda values: values.where(values.index > 150), lambda values: values + 0.5])
def test_a_model_of_whole_numbers_is_fed_gaps_and_fractions(export, run, tmp_path, change):
    """The table had whole numbers when the model was exported; what it holds later goes into the same model."""
    frame = whole_numbers()
    result, content = export(HistGradientBoostingClassifier(random_state=0), frame, "y")
    assert (result["rows"], result["edge_rows"], result["refused_rows"]) == (600, 2, 0)
    (tmp_path / "exported").write_bytes(content)
    frame.assign(age=change(frame["age"])).to_csv(tmp_path / "later", index=False)
    before, after = (
        run("evaluate/classifier", {"model": model, "data": tmp_path / "later"}, target="y")[0]
        for model in (tmp_path / "in" / "model", tmp_path / "exported")
    )
    assert before["auc"] == pytest.approx(after["auc"], abs=1e-6)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ([1.5, 2, 3], "the column 'code' holds 1.5 in row 1, and the input 'code' of the ONNX model takes whole numbers"),
        ([1, np.nan, 3], "the column 'code' has no value in row 2, and the input 'code' of the ONNX model takes whole numbers"),
        (["1", "2", "3"], "the column 'code' is numbers in the model and text in the data, such as '1' in rows 1, 2, 3"),
        (
            [2**70, 2, 3],
            "the column 'code' holds 1180591620717411303424 in row 1, and the input 'code' of the ONNX model takes",
        ),
    ],
)
def test_what_an_input_cannot_hold_is_an_error(export, run, tmp_path, code, message):
    frame = pd.DataFrame({"code": [1, 2, 3] * 20, "x": np.linspace(0, 1, 60), "y": [0, 1, 1] * 20})
    columns = ColumnTransformer([("code", OneHotEncoder(), ["code"])], remainder="passthrough")
    _, content = export(make_pipeline(columns, LogisticRegression()), frame, "y")
    (tmp_path / "exported").write_bytes(content)
    later = pd.DataFrame({"code": pd.Series(code), "x": 0.5, "y": [0, 1, 1]})
    if isinstance(code[0], int) and code[0] > 3:
        later.to_csv(tmp_path / "later", index=False)
    else:
        later.to_parquet(tmp_path / "later")
    with pytest.raises(StepError, match=re.escape(message)):
        run("evaluate/classifier", {"model": tmp_path / "exported", "data": tmp_path / "later"}, target="y")


@pytest.mark.parametrize("gap", [None, np.nan])
def test_gaps_in_text_are_the_encoder_s_own(export, run, tmp_path, gap):
    """To an encoder None and NaN are two categories, and a file has one kind of gap only: each reader is given what training saw."""
    frame = pd.DataFrame({"c": pd.Series(["a", "b", gap] * 30, dtype=object), "x": np.linspace(0, 1, 90), "y": [0, 0, 1] * 30})
    columns = ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["c"])], remainder="passthrough")
    result, content = export(make_pipeline(columns, LogisticRegression()), frame, "y")
    assert result["refused_rows"] == 0
    (tmp_path / "exported").write_bytes(content)
    frame.to_csv(tmp_path / "csv", index=False)
    frame.to_parquet(tmp_path / "parquet")
    losses = [
        run("evaluate/classifier", {"model": model, "data": tmp_path / data}, target="y")[0]["log_loss"]
        for model in (tmp_path / "in" / "model", tmp_path / "exported")
        for data in ("csv", "parquet")
    ]
    assert losses == pytest.approx([losses[0]] * 4, abs=1e-6) and losses[0] < 0.3


def test_rows_with_gaps_are_compared_though_the_data_have_none(export):
    """scikit-learn's imputer fills a gap in a whole number; an export that could not is refused or tells so."""
    frame = whole_numbers()
    result, content = export(make_pipeline(SimpleImputer(strategy="median"), LogisticRegression()), frame, "y", rows=10)
    assert result["edge_rows"] >= 2 + 2
    assert onnx.load_model_from_string(content).graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_a_row_that_the_spread_misses_is_compared(export):
    """One extreme among ten thousand rows, where a 32-bit float is infinite."""
    frame = pd.DataFrame({"x": np.linspace(0, 1, 10_000), "y": [0, 1] * 5000})
    frame.loc[4321, "x"] = 1e300
    with pytest.raises(
        StepError, match=r"the column 'x' holds 1e\+300 in row 4322, and the input 'X' of the ONNX model takes 32-bit"
    ):
        export(KNeighborsClassifier(3), frame, "y", rows=10)


def test_unseen_categories_that_only_the_original_answers_are_counted(export):
    frame = pd.DataFrame({"c": ["a", "b", "b"] * 20, "y": [0, 1, 1] * 20})
    columns = ColumnTransformer([("c", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2), ["c"])])
    result, _ = export(make_pipeline(columns, LogisticRegression()), frame, "y")
    assert result["refused_rows"] == 2


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(7, random_state=1),
        DecisionTreeClassifier(random_state=1),
        BaggingClassifier(n_estimators=3, random_state=1),
        make_pipeline(ColumnTransformer([("n", "passthrough", ["age", "income"])]), ExtraTreesClassifier(7, random_state=1)),
    ],
)
def test_gaps_go_where_they_go_in_the_trees_of_scikit_learn(export, run, tmp_path, estimator):
    """skl2onnx sends all of them to the right; a tree that saw none sends them where most rows went."""
    frame = whole_numbers()
    result, content = export(estimator, frame, "y")
    assert result["edge_rows"] >= 2 and result["refused_rows"] == 0
    (tmp_path / "exported").write_bytes(content)
    gaps = np.random.default_rng(2).random((600, 2)) < 0.3
    frame[["age", "income"]].mask(gaps).assign(y=frame["y"]).to_csv(tmp_path / "later", index=False)
    before, after = (
        run("evaluate/classifier", {"model": model, "data": tmp_path / "later"}, target="y")[0]
        for model in (tmp_path / "in" / "model", tmp_path / "exported")
    )
    assert before["brier"] == pytest.approx(after["brier"], rel=1e-5)


def test_gaps_that_onnx_would_answer_otherwise_are_refused(export, run, tmp_path):
    """In the data there are none, so the model is good for such as them; on a gap it may not be asked."""
    frame = whole_numbers()
    result, content = export(make_pipeline(KNNImputer(), LogisticRegression()), frame, "y")
    assert result["refused_rows"] > 0
    (tmp_path / "exported").write_bytes(content)
    frame.assign(age=frame["age"].where(frame.index > 1), income=frame["income"].where(frame.index > 0)).to_csv(
        tmp_path / "later"
    )
    with pytest.raises(
        StepError, match=r"the column '(age|income)' has no value in rows? 1.*answer otherwise than the model that it was"
    ):
        run("evaluate/classifier", {"model": tmp_path / "exported", "data": tmp_path / "later"}, target="y")


@pytest.mark.parametrize(
    "estimator",
    [
        AdaBoostClassifier(n_estimators=5, random_state=0),
        KNeighborsClassifier(),
        make_pipeline(KBinsDiscretizer(n_bins=4, encode="ordinal"), LogisticRegression()),
    ],
    ids=["boosted stumps", "neighbours", "bins"],
)
def test_gaps_that_the_original_refuses_are_refused(export, run, tmp_path, estimator):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=200), "b": draw.normal(size=200)}).assign(
        y=lambda made: (made.a > 0).astype(int)
    )
    _, content = export(estimator, frame, "y")
    (tmp_path / "exported").write_bytes(content)
    frame.loc[::3, "a"] = np.nan
    frame.to_parquet(tmp_path / "later")
    for model, reason in (
        (tmp_path / "in" / "model", "'a'"),
        (tmp_path / "exported", "the column 'a' has no value in rows 1, 4"),
    ):
        with pytest.raises(StepError, match=reason):
            run("evaluate/classifier", {"model": model, "data": tmp_path / "later"}, target="y")


def test_a_tie_is_called_one(export):
    rows = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rows.normal(size=400), "b": rows.integers(0, 50, 400)})
    frame["y"] = (frame["a"] + rows.normal(size=400) > 0).astype(int)
    with pytest.raises(StepError, match=r"\d+ predicted labels differ .* the two labels are equally probable there"):
        export(RandomForestClassifier(20, random_state=0), frame, "y")
