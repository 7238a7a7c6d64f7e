"""The deployments that tests under a real scheduler share: each is started once, with all that runs in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.airflow import AIRFLOW_2
from tests.engines.airflow_scheduler import Airflow2, Airflow3
from tests.targets.airflow.deployed import FEW, MANY, Deployment


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Airflow 3 and its scheduler."""
    made = Deployment(tmp_path_factory.mktemp("airflow3"), corpus=MANY, asks=True)
    made.airflow = Airflow3(made.home, made.plans, made.variables)
    yield made
    made.airflow.close()


@pytest.fixture(scope="session")
def deployed_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Airflow 2.11 and its scheduler."""
    made = Deployment(tmp_path_factory.mktemp("airflow2"), corpus=FEW, asks=False)
    made.airflow = Airflow2(made.home, made.plans, made.variables, AIRFLOW_2)
    yield made
    made.airflow.close()
