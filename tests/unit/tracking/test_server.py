"""MLflow's experiments, in its own database."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from mlspec.tracking.server import opened, quiet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="MLflow is not installed"),
]


def test_an_experiment_is_made_once_and_not_revived(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/deep/mlflow.db"
    with quiet():
        from mlflow import MlflowException

        client, first = opened(uri, "credit")
        assert opened(uri, "credit")[1] == first
        assert opened(uri, "other")[1] != first
        assert client.get_experiment(first).artifact_location == (tmp_path / "deep" / "mlflow-artifacts").as_uri()
        client.delete_experiment(first)
        with pytest.raises(MlflowException, match="the experiment 'credit' was deleted; restore it with `mlflow experiments"):
            opened(uri, "credit")
