"""MLflow, opened: quietly, its SQLite file made by one process at a time, with the experiment to log in.

In: a tracking URI and the name of an experiment. Out: a client, the experiment's id. Owns where MLflow keeps the artifacts
of a SQLite file; never logs anything. Imports MLflow inside its functions only.
Change it when another kind of tracking URI needs care before it can be used.
"""

from __future__ import annotations

import fcntl
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Import MLflow, which says nothing inside; raises `ModuleNotFoundError` where it is not installed."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a pipeline reports to nobody that its spec does not name
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow  # noqa: F401 - it sets its loggers when it is imported

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        yield


def opened(uri: str, experiment: str) -> tuple[Any, str]:
    """Return an `MlflowClient` of this server or database, and the id of the experiment, which is made where it is missing.

    Raises `MlflowException`: of a server that does not answer, and of an experiment that was deleted.
    """
    from mlflow import MlflowClient

    database = Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None
    with _alone(database):
        client = MlflowClient(uri, uri)
        # MLflow's own place for the artifacts of a SQLite file is `mlruns/` in the current folder, the project's root.
        location = (database.parent / "mlflow-artifacts").absolute().as_uri() if database else None
        return client, _experiment(client, experiment, location)


@contextmanager
def _alone(database: Path | None) -> Iterator[None]:
    """Let one step at a time open a SQLite file: of two that find it empty, one would fail to make MLflow's tables."""
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(f"{database.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _experiment(client: Any, name: str, location: str | None) -> str:
    from mlflow import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=location))
        except MlflowException:  # another step made it just now
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        raise MlflowException(f"the experiment {name!r} was deleted; restore it with `mlflow experiments restore`")
    return str(found.experiment_id)
