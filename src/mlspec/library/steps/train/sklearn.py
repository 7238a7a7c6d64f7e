"""`train/sklearn`: one of scikit-learn's estimators, or one with its interface, fitted to a table.

In: a dataset. Out: the fitted pipeline (joblib), what it was fitted on and how it does there. Owns how an estimator is named, made and
seeded; how columns are prepared for it stands in `preparing`. Never measures on unseen rows and never searches for parameters.
Change it when estimators of another package may be named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlspec.diagnostics.nearest import nearest
from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of, suggestion
from mlspec.library.options import COLUMNS, READING

_PACKAGES = ("sklearn", "xgboost", "lightgbm")
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    import joblib  # type: ignore[import-untyped]
    from sklearn.pipeline import Pipeline
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from mlspec.library.columns import plain
    from mlspec.library.frames import need_columns, read_table
    from mlspec.library.labels import true_labels
    from mlspec.library.preparing import preparation
    from mlspec.library.schema import schema_of

    frame = read_table(path_of(inputs, "data"), schema_of(with_))
    truth = true_labels(frame, with_["target"])
    estimator = _estimator(with_["estimator"], with_["params"] or {}, with_["seed"])
    names = with_["features"] or [name for name in frame.columns if name not in {with_["target"], *(with_["drop"] or [])}]
    need_columns(frame, [*names, *(with_["drop"] or [])], "the training")
    if with_["target"] in names:
        raise StepError(f"the target {with_['target']!r} is among the features")
    if not names:
        raise StepError(f"the data have no column but {with_['target']!r}: there is nothing to learn from")
    features = plain(frame[names])
    with _quoted(with_["estimator"]), threadpool_limits(limits=1):  # sums in one order: the same model on every machine
        _check_kind(estimator, with_["estimator"])
        pipeline = Pipeline([("columns", preparation(features, estimator)), ("estimator", estimator)])
        pipeline.fit(features, truth)
        score = float(pipeline.score(features, truth))
    joblib.dump(pipeline, outputs["model"])
    return {"rows": len(frame), "columns": len(names), "score": score}


def _estimator(name: str, params: Mapping[str, Any], seed: int) -> Any:
    cls = _class(name)
    try:
        made = cls()
    except TypeError as error:  # of other estimators, which no text can name
        raise StepError(f"{name} is made of other estimators; put it together in a function of yours (`call:`)") from error
    known = made.get_params()
    for key in params:
        if key not in known:
            raise StepError(f"{name} has no parameter {key!r}; {suggestion(key, known)}")
    seeded = {"random_state": seed} if "random_state" in known else {}
    return made.set_params(**{**seeded, **params})


def _class(name: str) -> Any:
    """The class of a dotted name; one of scikit-learn may be found by its last part, for the message that says the whole."""
    from importlib import import_module

    module, _, last = name.rpartition(".")
    try:
        found = getattr(import_module(module), last, None)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(f"{error.name}."):
            raise
        if error.name in _PACKAGES:
            raise
        found = None
    if not (isinstance(found, type) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise StepError(f"there is no estimator {name!r}{_instead(last)}")
    return found


def _instead(last: str) -> str:
    from sklearn.utils import all_estimators

    known = {name: cls for kind in ("classifier", "regressor") for name, cls in all_estimators(kind)}
    near = last if last in known else nearest(last, known)
    return f"; did you mean {'.'.join(known[near].__module__.split('.')[:2])}.{near}?" if near else ""


def _check_kind(estimator: Any, name: str) -> None:
    """Refuse what finds clusters or outliers: it learns no target, and has no score."""
    from sklearn.utils import get_tags

    if get_tags(estimator).estimator_type not in ("classifier", "regressor"):
        raise StepError(f"{name} is neither a classifier nor a regressor; train it by a function of yours (`call:`)")


@contextmanager
def _quoted(name: str) -> Iterator[None]:
    """Turn what an estimator says of its parameters and of the data into one sentence."""
    try:
        yield
    except (StepError, ModuleNotFoundError, MemoryError):
        raise
    except Exception as error:  # estimators raise many kinds
        said = " ".join(str(error).split())
        first = said if isinstance(error, ValueError | TypeError) else f"{type(error).__name__}: {said.partition('. ')[0]}"
        raise StepError(f"{name} cannot be fitted: {first}") from error


def _name_problem(name: str) -> str | None:
    if not _CLASS.fullmatch(name):
        return f"must be a class with its module (sklearn.linear_model.LogisticRegression), not {name!r}"
    if name.split(".")[0] not in _PACKAGES:
        return f"must be a class of {', '.join(_PACKAGES)}; train another model by a function of yours (`call:`)"
    return None


STEP = LibraryStep(
    name="train/sklearn",
    summary="Fits an estimator of scikit-learn, XGBoost or LightGBM to a table, whose text, gaps and scales it prepares",
    stage="model",
    inputs={"data": Port("dataset", "The rows to train on, with the target among their columns")},
    outputs={
        "model": Port("model", "The fitted scikit-learn pipeline (joblib)"),
        "metrics": Port(
            "metrics", "rows, columns, score (accuracy or R² on the training rows)", fields=("rows", "columns", "score")
        ),
    },
    options={
        "estimator": Option("string", "The class, with its module", required=True, fault=_name_problem),
        "params": Option("object", "What it is made with; default: its own defaults"),
        "target": Option("string", "The column to predict", required=True),
        "seed": Option("integer", "Its random_state, where it has one", default=0, minimum=0, maximum=2**32 - 1),
        **COLUMNS,
        **READING,
    },
    requirements=("scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
