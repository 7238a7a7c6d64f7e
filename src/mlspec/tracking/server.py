"""MLflow, opened: quietly, its SQLite file made by one process at a time, with the experiment to log in.

In: a tracking URI and the name of an experiment. Out: a client, the experiment's id; of what MLflow raises, a reason for the
user. Owns where MLflow keeps the artifacts of a SQLite file; never logs anything. Imports MLflow inside its functions only.
Change it when another kind of tracking URI needs care before it can be used.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlspec.errors import TimeLimitError
from mlspec.work_folder import ignore_in_git


@contextmanager
def quiet(*, patient: bool = True) -> Iterator[None]:
    """Import MLflow, which says nothing inside; raises `ModuleNotFoundError` where it is not installed.

    Who is not `patient` does not wait minutes for a server that is down.
    """
    if not patient:
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # a pipeline reports to nobody that its spec does not name
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # what is printed there is the step's
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


def reason(uri: str, error: BaseException) -> str:
    """Say in one line why MLflow could not be told: what a server answered, or that it did not; no password of its URI."""
    text = str(error).strip()
    first = text.splitlines()[0] if text else type(error).__name__
    answer = re.search(r"failed with error code (\d{3}) != \d+\. Response body: '(.*)'", text, re.DOTALL)
    if answer is not None:
        body = " ".join(answer[2].split())
        status = f"{answer[1]} {_PHRASES.get(int(answer[1]), '')}".rstrip()
        first = f"{status} from {uri}" + (f": {body[:_BODY]}" if body and not body.startswith("<") else "")
    elif isinstance(error, TimeLimitError):
        first = f"{uri} does not answer"
    elif (lost := _lost(error)) is not None:
        why = re.search(r"\[Errno -?\d+\] ([\w -]+)", str(lost))
        slow = "imeout" in f"{type(lost).__name__} {lost}" or "timed out" in str(lost)
        first = f"{uri} does not answer" if slow else f"{uri} cannot be reached" + (f": {why[1]}" if why else "")
    return without_secrets(uri, first)


def is_away(error: BaseException) -> bool:
    """Tell whether nobody answered at all, whatever credentials were shown."""
    return isinstance(error, TimeLimitError) or _lost(error) is not None


def _lost(error: BaseException) -> BaseException | None:
    """Find the lost connection behind what MLflow raises."""
    from requests import exceptions  # type: ignore[import-untyped]

    behind: BaseException | None = error
    for _ in range(_DEEPEST):
        if behind is None or isinstance(behind, exceptions.ConnectionError | exceptions.Timeout):
            return behind
        behind = behind.__cause__ or behind.__context__
    return None


def without_secrets(uri: str, message: str) -> str:
    """Return a message, which may quote the URI in pieces, without the user, password and query of the URI."""
    address, _, query = uri.partition("?")
    user, at, _ = address.partition("://")[2].partition("/")[0].rpartition("@")
    for secret in (user + at, query):
        message = message.replace(secret, "") if secret else message
    return message


_PHRASES = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway"}
_PHRASES |= {503: "Service Unavailable", 504: "Gateway Timeout", 429: "Too Many Requests"}
_BODY = 200
"""Characters of an answer that are shown."""
_DEEPEST = 20


@contextmanager
def _alone(database: Path | None) -> Iterator[None]:
    """Let one step at a time open a SQLite file: of two that find it empty, one would fail to make MLflow's tables."""
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    ignore_in_git(database.parent)
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
