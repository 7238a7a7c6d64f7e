"""Models in: the one place that knows what file a `model` is.

In: a path, a table. Out: class probabilities, labels or plain predictions, the same way for every kind of model.
Owns the loading convention and telling kinds apart by content; never trains. Frameworks are imported when called.
Change it when models may come in another format.

A model is a scikit-learn estimator written by joblib (or pickle), or an ONNX file; or a folder with one of
`model.joblib`, `model.pkl`, `model.onnx` (an MLflow model folder is one). Loading a pickle runs code from it: `pickles` says
which ones may be, and one that is called ONNX never is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlspec.errors import StepError
from mlspec.library.frames import need_columns
from mlspec.library.pickles import IN_FOLDER, is_pickle
from mlspec.library.trained import Trained, as_trained, trained_on

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlspec.library.schema import ColumnType

_ONNX = b"\x08"  # protobuf: the first field of an ONNX file is its version


class Model(Protocol):
    """A fitted model of any kind."""

    features: list[str] | None
    """The columns it was trained on, in order; None when it does not say."""
    classes: list[Any] | None
    """Its class labels in the order of the probabilities; None for a regressor or when it does not say."""
    trained: Mapping[str, Trained]
    """What its columns were, as far as it tells."""
    has_probabilities: bool
    targets: int
    """How many labels it predicts for a row."""
    label: ColumnType | None
    """The type of its class labels; None when it does not say."""

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
    except AttributeError as error:
        found = re.search(r"attribute '(\w+)' on <module '__main__'", str(error))
        if found is None:
            raise StepError(f"cannot load the model {path.name!r}: {error}") from error
        raise StepError(
            f"the model {path.name!r} needs {found[1]!r}, which was defined in the script that trained it; "
            "move that into a module, which the script imports"
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
        import numpy as np

        self._estimator = estimator
        names = _attribute(estimator, "feature_names_in_")
        classes = _attribute(estimator, "classes_")
        self.features = [str(name) for name in names] if np.ndim(names) == 1 else None
        self.classes: list[Any] | None = None
        several = isinstance(classes, list) and bool(classes) and np.ndim(classes[0]) > 0
        self.targets = len(classes) if several and isinstance(classes, list) else 1
        if classes is not None and not several and np.ndim(classes) == 1:
            self.classes = np.asarray(classes).tolist()
        self.has_probabilities = not several and _attribute(estimator, "predict_proba") is not None
        self.trained = _known(estimator, self.features)
        self.label: ColumnType | None = "string" if self.classes and all(isinstance(c, str) for c in self.classes) else None

    def predict(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        return self._asked("predict", frame)

    def probabilities(self, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        name = _a(self._estimator)
        if self.targets > 1:
            raise StepError(f"the model, {name}, predicts {self.targets} targets at once; give one")
        if not self.has_probabilities:
            if self.classes is None:
                raise StepError(f"the model, {name}, is no classifier: it has neither classes nor predict_proba")
            raise StepError(f"the model, {name}, has no predict_proba; wrap it in CalibratedClassifierCV to get one")
        found = self._asked("predict_proba", frame)
        if found.ndim != 2 or found.dtype.kind not in "fiub":
            raise StepError(f"predict_proba of the model, {name}, gives no table of numbers, one row for each of the data")
        return found

    def _asked(self, method: str, frame: pd.DataFrame) -> np.ndarray[Any, Any]:
        import numpy as np

        # An estimator that was trained without column names warns when it is given some.
        given = frame if self.features is not None else frame.to_numpy()
        try:
            found = np.asarray(getattr(self._estimator, method)(given))
        except Exception as error:  # whatever a team's own code raises
            said = _said(error)
            raise StepError(f"the model cannot read these data: {said}{_suspects(frame, said)}") from error
        if found.ndim == 0 or len(found) != len(frame):
            what = f"{len(found)} answers" if found.ndim else "one value"
            raise StepError(f"{method} of the model, {_a(self._estimator)}, gives {what} for {len(frame)} rows")
        return found


def _attribute(estimator: Any, name: str) -> Any:
    """An attribute that may be a property, which raises what it likes where the model has none."""
    try:
        return getattr(estimator, name, None)
    except Exception:
        return None


def _known(estimator: Any, names: list[str] | None) -> Mapping[str, Trained]:
    try:
        return trained_on(estimator, names or [])
    except Exception:
        return {}


def _a(estimator: Any) -> str:
    name = type(estimator).__name__
    return f"an {name}" if name[0] in "AEIO" else f"a {name}"


def _said(error: Exception) -> str:
    """What was raised, in one line; of scikit-learn's words about NaN, the first: a page of advice follows."""
    lines = str(error).splitlines() or [""]
    text = lines[0] if "NaN" in lines[0] else " ".join(line.strip() for line in lines)
    return text if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {text}"


def _suspects(frame: pd.DataFrame, said: str) -> str:
    """Name the columns that such an error is about, which few name: those with gaps, with infinity, or with no numbers."""
    import numpy as np

    from mlspec.library.columns import is_number, rows

    if "NaN" in said or "missing" in said:
        what, found = "no value is in", {name: frame[name].isna() for name in frame.columns}
    elif "infinity" in said:
        what, found = "infinity is in", {name: np.isin(frame[name], (np.inf, -np.inf)) for name in frame.columns}
    else:
        what, found = "no numbers are in", {name: ~is_number(frame[name]) for name in frame.columns}
    named = [f"{str(name)!r} {rows(frame[name], where)}" for name, where in found.items() if where.any()]
    return f" ({what} {', '.join(named[:3])}{', …' if len(named) > 3 else ''})" if named else ""


def wanted(model: Model, target: str | None = None) -> dict[str, ColumnType]:
    """Return the types by which the text of a dataset is read for a model, and for its target."""
    types: dict[str, ColumnType] = {name: known.kind for name, known in model.trained.items()}
    if target is not None and model.label is not None:
        types[target] = model.label
    return types


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
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise StepError(f"{who} names the column {twice!r} twice")
    return as_trained(frame[names], model.trained)
