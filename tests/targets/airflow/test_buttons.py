"""Whatever people press, and whatever is killed, the state of a run is that of its records: under Airflow's own scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.targets.airflow.deployed import Deployment
from tests.targets.airflow.pressed import SCENARIOS

pytestmark = pytest.mark.slow

All = Mapping[str, "Future[None]"]


def _press(deployed: Deployment) -> Iterator[All]:
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        yield {name: pool.submit(scenario, deployed) for name, scenario in SCENARIOS.items()}


@pytest.fixture(scope="module")
def pressed(deployed: Deployment) -> Iterator[All]:
    """All scenarios, side by side."""
    yield from _press(deployed)


@pytest.fixture(scope="module")
def pressed_2(deployed_2: Deployment) -> Iterator[All]:
    """All scenarios, side by side, on Airflow 2.11."""
    yield from _press(deployed_2)


@pytest.mark.airflow
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_state_of_a_run_is_that_of_its_records(name: str, pressed: All) -> None:
    pressed[name].result()


@pytest.mark.airflow2
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_state_of_a_run_is_that_of_its_records_on_airflow_2(name: str, pressed_2: All) -> None:
    pressed_2[name].result()
