"""Which pickles a library step loads: those that a step made, and that are still what it made."""

import json

import joblib
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from mlspec.cli.main import main
from mlspec.errors import StepError
from mlspec.library import load
from mlspec.library.model import Port
from mlspec.store.digests import digest


@pytest.fixture
def inputs(tmp_path):
    rows = load_iris(as_frame=True).frame
    folder = tmp_path / "store/train"
    folder.mkdir(parents=True)
    joblib.dump(LogisticRegression(max_iter=500).fit(rows.drop(columns="target"), rows["target"]), folder / "model")
    rows.to_parquet(tmp_path / "data")
    return {"model": folder / "model", "data": tmp_path / "data"}


def evaluate(inputs, tmp_path, outside=(), **options):
    return load("evaluate/classifier").run(inputs, {"report": tmp_path / "report"}, {"target": "target", **options}, outside)


def test_a_pickle_from_elsewhere_is_loaded_where_the_spec_says_so(inputs, tmp_path):
    with pytest.raises(StepError, match=r"the input 'model' is a pickle that no step .* say `trust_pickle: true`"):
        evaluate(inputs, tmp_path, outside=["model"])
    assert evaluate(inputs, tmp_path, outside=["model"], trust_pickle=True)["rows"] == 150


def test_a_folder_from_elsewhere_is_looked_into(inputs, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    inputs["model"].rename(folder / "model.pkl")
    with pytest.raises(StepError, match="no step of this lifecycle made"):
        evaluate({**inputs, "model": folder}, tmp_path, outside=["model"])


def test_a_record_beside_a_model_from_elsewhere_proves_nothing(inputs, tmp_path):
    record(inputs["model"], digest(inputs["model"]))
    with pytest.raises(StepError, match="no step of this lifecycle made"):
        evaluate(inputs, tmp_path, outside=["model"])


def test_the_model_of_a_step_is_what_its_record_says(inputs, tmp_path):
    record(inputs["model"], digest(inputs["model"]))
    assert evaluate(inputs, tmp_path)["rows"] == 150
    record(inputs["model"], "sha256:other")
    with pytest.raises(StepError, match="the model 'model' is not what its step made"):
        evaluate(inputs, tmp_path)


def record(path, content):
    (path.parent / "_record.json").write_text(
        json.dumps({"outputs": {"model": {"uri": f"run:train/{path.name}", "digest": content}}})
    )


@pytest.mark.parametrize("name", ["evaluate/classifier", "export/onnx", "fairness/assess", "mlflow/register"])
def test_every_step_with_a_model_can_be_told_to_trust_it(name):
    step = load(name)
    assert any(isinstance(port, Port) and port.type == "model" for port in step.inputs.values())
    assert step.options["trust_pickle"].default is False


SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
on_failure: continue
steps:
  train: {run: 'cp model.pkl ${{ outputs.model }}', outputs: {model: model}}
  made: {uses: evaluate/classifier, inputs: {model: train.model, data: {path: data}}, with: {target: target}}
  given: {uses: evaluate/classifier, inputs: {model: {path: model.pkl}, data: {path: data}}, with: {target: target}}
"""


def test_in_a_run_models_of_steps_are_loaded_and_others_are_not(inputs, tmp_path, monkeypatch, capfd):
    inputs["model"].rename(tmp_path / "model.pkl")
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--no-cache"]) == 1
    shown = capfd.readouterr().out
    assert "the input 'model' is a pickle that no step of this lifecycle made" in shown
    assert main(["run", "--only", "made"]) == 0
    (tmp_path / "mlspec.yaml").write_text(SPEC.removesuffix("}}\n") + ", trust_pickle: true}}\n")
    assert main(["run"]) == 0
