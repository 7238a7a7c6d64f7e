"""Models in: the one place that knows what file a `model` is.

In: a path, a table. Out: class probabilities, labels or plain predictions, the same way for every kind of model.
Owns the loading convention and telling kinds apart by content; never trains. Frameworks are imported when called.
Change it when models may come in another format.

A model is a scikit-learn estimator written by joblib (or pickle), or an ONNX file; or a folder with one of
`model.joblib`, `model.pkl`, `model.onnx` (an MLflow model folder is one). Loading a pickle runs code from it: `pickles` says
which ones may be, and one that is called ONNX never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlspec.errors import StepError
from mlspec.library.frames import need_columns, plain
from mlspec.library.pickles import IN_FOLDER, is_pickle

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_ONNX = b"\x08"  # protobuf: the first field of an ONNX file is its version


class Model(Protocol):
    """A fitted model of any kind."""

    features: list[str] | None
    """The columns it was trained on, in order; None when it does not say."""
    classes: list[Any] | None
    """Its class labels in the order of the probabilities; None for a regressor or when it does not say."""

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return one label (or number) for each row."""

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return rows x classes; raises `StepError` when the model has none."""


def find_model(path: Path) -> tuple[Path, str]:
    """Return the model's file and its kind, `estimator` or `onnx`; raises `StepError` when it is neither."""
    if path.is_dir():
        found = [path / name for name in IN_FOLDER if (path / name).is_file()]
        if not found:
            raise StepError(f"the model {path.name!r} is a folder with none of {', '.join(IN_FOLDER)} in it")
        path = found[0]
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise StepError(f"cannot read the model {path.name!r}: {error.strerror}") from error
    if is_pickle(head):
        if path.suffix == ".onnx":
            raise StepError(f"the model {path.name!r} is called ONNX and holds a pickle: it is not loaded")
        return path, "estimator"
    if head.startswith(_ONNX):
        return path, "onnx"
    raise StepError(f"the model {path.name!r} is neither a joblib or pickle file nor ONNX: it begins with {head!r}")


def load_estimator(path: Path) -> Any:
    """Return the scikit-learn estimator in a joblib or pickle file; raises `StepError` when it cannot be loaded."""
    import joblib  # type: ignore[import-untyped]

    try:
        loaded = joblib.load(path)
    except ModuleNotFoundError as error:
        raise StepError(
            f"the model {path.name!r} needs the module {error.name!r}, which is not found here; add its package to the "
            "requirements of this step's environment, or its folder to the environment's pythonpath"
        ) from error
    except Exception as error:  # unpickling can raise anything
        raise StepError(f"cannot load the model {path.name!r}: {type(error).__name__}: {error}") from error
    if not hasattr(loaded, "predict"):
        raise StepError(f"the model {path.name!r} holds a {type(loaded).__name__}, which cannot predict")
    return loaded


def load_model(path: Path) -> Model:
    """Load a model of any kind; raises `StepError` when it is none."""
    file, kind = find_model(path)
    if kind == "estimator":
        return estimator_model(load_estimator(file))
    from mlspec.library.onnxmodel import OnnxModel

    return OnnxModel(file.read_bytes())


def estimator_model(estimator: Any) -> Model:
    """Return a scikit-learn estimator as a `Model`."""
    return _Estimator(estimator)


class _Estimator:
    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        names = getattr(estimator, "feature_names_in_", None)
        classes = getattr(estimator, "classes_", None)
        self.features = None if names is None else [str(name) for name in names]
        self.classes = None if classes is None else classes.tolist()

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        import numpy as np

        return np.asarray(self._asked("predict", frame))

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        import numpy as np

        if not hasattr(self._estimator, "predict_proba"):
            name = type(self._estimator).__name__
            raise StepError(f"the model, a {name}, has no predict_proba; wrap it in CalibratedClassifierCV to get one")
        return np.asarray(self._asked("predict_proba", frame))

    def _asked(self, method: str, frame: pd.DataFrame) -> Any:
        # An estimator that was trained without column names warns when it is given some.
        given = frame if self.features is not None else frame.to_numpy()
        try:
            return getattr(self._estimator, method)(given)
        except (ValueError, TypeError) as error:
            raise StepError(f"the model cannot read these data: {error}") from error


def features_for(model: Model, frame: pd.DataFrame, options: Mapping[str, Any], *, not_features: list[str]) -> pd.DataFrame:
    """Return the columns that go into the model, in its order.

    They are the option `features`, else those the model names, else all columns but `not_features` and the option `drop`.
    """
    if options["features"]:
        names, who = list(options["features"]), "the option `features`"
    elif model.features is not None:
        names, who = model.features, "the model"
    else:
        leave = {*not_features, *(options["drop"] or [])}
        need_columns(frame, leave, "the option `drop`")
        names, who = [str(name) for name in frame.columns if name not in leave], "the model"
    need_columns(frame, names, who)
    return plain(frame[names])
