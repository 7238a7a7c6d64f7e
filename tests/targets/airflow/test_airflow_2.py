"""Files for which the spec names no version, on the real Airflow 2.11: they load and run as on Airflow 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from tests.engines import local
from tests.engines.airflow import Airflow
from tests.engines.outcome import outcome_of
from tests.targets.airflow.plans import CLASHES, CREDIT, DIAMOND, FAILING, task_of
from tests.targets.airflow.pods import PODDED, check
from tests.targets.airflow.specs import DOCKER, FAN, FINALS, LISTS, OUTCOMES, PODS

pytestmark = [pytest.mark.airflow2, pytest.mark.slow]


@pytest.mark.parametrize(
    "made", [CREDIT, CLASHES, DIAMOND, FAILING, FAN, FINALS, LISTS, DOCKER, PODS], ids=lambda made: made.lifecycle
)
def test_it_loads_and_warns_of_nothing(airflow_2: Airflow, tmp_path: Path, made: Plan) -> None:
    answer = airflow_2.load(tmp_path, TARGET.emit(made))
    assert (answer["errors"], answer["warnings"]) == ([], [])
    [dag] = answer["dags"].values()
    ids = {task_of(step, final=step in made.finals) for step in made.all_steps()}
    assert ids <= set(dag["tasks"])
    assert dag["cron"] == (made.schedule.cron if made.schedule else None)


def test_what_a_spec_says_of_pods_reaches_kubernetes(airflow_2: Airflow, tmp_path: Path) -> None:
    check(airflow_2.pods(tmp_path, TARGET.emit(PODDED)))


@pytest.mark.parametrize(
    ("made", "params"),
    [
        (DIAMOND, {"n": 5}),
        (FAILING, {}),
        (FAN, {"n": 4}),
        (FAN, {"n": 0}),
        (OUTCOMES, {}),
        (FINALS, {}),
        (FINALS, {"n": 0}),
        (LISTS, {}),
        (LISTS, {"n": 0}),
    ],
    ids=["diamond", "failing", "fan", "fan-empty", "outcomes", "finals", "finals-failed", "lists", "lists-failed"],
)
def test_every_step_ends_as_it_does_here(airflow_2: Airflow, tmp_path: Path, made: Plan, params: dict[str, Any]) -> None:
    there, here = tmp_path / "airflow", tmp_path / "local"
    there.mkdir()
    here.mkdir()
    ran = airflow_2.run(there, made, TARGET.emit(made), params)
    outcome = outcome_of(made, there, ran.run_id)
    assert ran.status == outcome.status
    if made is not FAILING:  # of its independent steps some may be blocked, by which of them starts first
        assert outcome == outcome_of(made, here, local.run(here, made, params).run_id)
