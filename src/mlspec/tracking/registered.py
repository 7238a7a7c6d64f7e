"""Whether a registry still has a version of a model.

In: the URI of a registry, versions by name and number. Out: those that it does not have any more. Owns that a registry which does not
answer has all of them. Imports MLflow inside its functions only. Change it when models are registered elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

SQLITE = "sqlite:///"


class Version(NamedTuple):
    """A version of a registered model."""

    name: str
    number: str


class Registry(NamedTuple):
    """What was found out: versions that are gone, and why nothing could be, if so."""

    gone: frozenset[Version] = frozenset()
    silent: str = ""


def asked(uri: str, versions: Iterable[Version]) -> Registry:
    """Ask a registry for each version, until it does not answer."""
    from mlspec.tracking.server import quiet, reason

    gone = set()
    database = uri.removeprefix(SQLITE) if uri.startswith(SQLITE) else None
    if database is not None and not Path(database).is_file():  # MLflow would make an empty one, which has nothing
        return Registry(silent=f"there is no {database}")
    try:
        with quiet(patient=False):
            from mlflow import MlflowClient, MlflowException

            client = MlflowClient(uri, uri)
            for version in versions:
                try:
                    client.get_model_version(version.name, version.number)
                except MlflowException as error:
                    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                        raise
                    gone.add(version)
    except ModuleNotFoundError:
        return Registry(silent="MLflow is not installed here")
    except Exception as error:  # whatever its client, or what stands between, raises
        return Registry(frozenset(gone), reason(uri, error))
    return Registry(frozenset(gone))
