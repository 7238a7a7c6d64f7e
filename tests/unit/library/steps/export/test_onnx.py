import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from mlspec.errors import StepError
from mlspec.library import load

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
    columns = ColumnTransformer([("text", OneHotEncoder(), ["size"])], remainder="passthrough")
    result, content = export(make_pipeline(columns, LogisticRegression(max_iter=500)), frame, "target")
    assert result["mismatched_labels"] == 0
    kinds = {item.name: item.type.tensor_type.elem_type for item in onnx.load_model_from_string(content).graph.input}
    assert (kinds["size"], kinds["whole"], kinds["petal_width__cm_"]) == (
        onnx.TensorProto.STRING,
        onnx.TensorProto.INT64,
        onnx.TensorProto.FLOAT,
    )


def test_an_export_that_answers_otherwise_fails(export):
    """Two 64-bit numbers that are one 32-bit number: the original tells them apart, ONNX cannot."""
    frame = pd.DataFrame({"x": [1.0, 1.0 + 1e-12] * 50, "y": [0, 1] * 50})
    with pytest.raises(
        StepError, match=r"does not answer like the original on 100 rows: .* by up to 1 \(tolerance 0.0001\), 50"
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
