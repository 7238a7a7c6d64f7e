import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from mlspec.errors import StepError
from mlspec.library.estimator import estimator_model, features_for, find_model, load_model

IRIS = load_iris(as_frame=True)
FITTED = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
DEFAULTS = {"features": None, "drop": None}


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_joblib_files_of_every_compression(tmp_path, compress):
    joblib.dump(FITTED, tmp_path / "model", compress=compress)
    model = load_model(tmp_path / "model")
    assert model.features == list(IRIS.data.columns)
    assert model.classes == [0, 1, 2]
    assert model.probabilities(IRIS.data).shape == (150, 3)


def test_plain_pickles_and_folders(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(FITTED))
    assert find_model(tmp_path) == (tmp_path / "model.pkl", "estimator")
    assert load_model(tmp_path).predict(IRIS.data).tolist() == FITTED.predict(IRIS.data).tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PAR1", "neither a joblib or pickle file nor ONNX: it begins with b'PAR1'"),
        (pickle.dumps(FITTED)[:100], "cannot load the model 'model': "),
        (b"\x08\x0acut off", "onnxruntime cannot load the model"),
        (pickle.dumps({"not": "a model"}), "holds a dict, which cannot predict"),
    ],
)
def test_what_is_no_model(tmp_path, content, message):
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(StepError, match=message):
        load_model(tmp_path / "model")


def test_nothing_there(tmp_path):
    with pytest.raises(StepError, match="No such file"):
        load_model(tmp_path / "none")
    with pytest.raises(StepError, match=r"a folder with none of model\.joblib"):
        load_model(tmp_path)


def test_a_model_whose_class_is_not_found(tmp_path, monkeypatch):
    (tmp_path / "team_code.py").write_text("class Model:\n    def predict(self, rows):\n        return [0]\n")
    monkeypatch.syspath_prepend(tmp_path)
    import team_code

    joblib.dump(team_code.Model(), tmp_path / "model")
    monkeypatch.undo()
    monkeypatch.delitem(sys.modules, "team_code")
    with pytest.raises(StepError, match=r"needs the module 'team_code', which is not found here; .*pythonpath"):
        load_model(tmp_path / "model")


def test_a_model_without_probabilities(tmp_path):
    joblib.dump(LinearSVC().fit(IRIS.data, IRIS.target), tmp_path / "model")
    with pytest.raises(StepError, match="a LinearSVC, has no predict_proba; wrap it in CalibratedClassifierCV"):
        load_model(tmp_path / "model").probabilities(IRIS.data)


def test_data_that_the_model_cannot_read(tmp_path):
    joblib.dump(FITTED, tmp_path / "model")
    with pytest.raises(StepError, match="the model cannot read these data: "):
        load_model(tmp_path / "model").predict(IRIS.data.assign(**{"petal width (cm)": np.nan}))


class TestFeatures:
    frame = pd.DataFrame({"b": [1, 2], "a": [2, 1], "y": [0, 1], "id": [7, 8]})

    def model(self, features):
        """A model that knows its columns, or one trained on a bare array."""
        rows = np.array([[1, 2], [2, 1]])
        return estimator_model(LogisticRegression().fit(pd.DataFrame(rows, columns=features) if features else rows, [0, 1]))

    def test_those_the_model_names_in_its_order(self):
        assert list(features_for(self.model(["a", "b"]), self.frame, DEFAULTS, not_features=["y"])) == ["a", "b"]

    def test_those_asked_for(self):
        asked = {"features": ["b"], "drop": None}
        assert list(features_for(self.model(["a", "b"]), self.frame, asked, not_features=["y"])) == ["b"]

    def test_all_but_the_target_and_what_is_dropped(self):
        dropped = {"features": None, "drop": ["id"]}
        assert list(features_for(self.model(None), self.frame, dropped, not_features=["y"])) == ["b", "a"]

    def test_missing_ones(self):
        with pytest.raises(StepError, match="lack the column 'c', which the model needs"):
            features_for(self.model(["a", "c"]), self.frame, DEFAULTS, not_features=["y"])


def test_a_pickle_that_is_called_onnx_is_not_executed(tmp_path):
    joblib.dump(Trap(tmp_path / "sprung"), tmp_path / "model.onnx")
    for path in (tmp_path / "model.onnx", tmp_path):
        with pytest.raises(StepError, match=r"the model 'model\.onnx' is called ONNX and holds a pickle: it is not loaded"):
            load_model(path)
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return type(self.path).touch, (self.path,)
