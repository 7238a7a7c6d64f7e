from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.airflow import Airflow


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """One Airflow for all tests of a session: starting it costs more than a run."""
    engine = Airflow(tmp_path_factory.mktemp("airflow"))
    yield engine
    engine.close()
