"""Every row of the target's table that is not a refusal is done by a spec, which runs as it does here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.airflow import TARGET
from tests.engines.airflow import Airflow
from tests.engines.outcome import Outcome, outcome_of
from tests.targets import caching, rows
from tests.targets.airflow.specs import ASKS, OUTCOMES

ELSEWHERE = (ASKS, OUTCOMES)
"""Plans that `test_outcomes.py` runs, for what cannot stand beside the rest."""
SPEC = rows.SPEC + rows.SCHEDULE.replace("}}", "}, overlap: queue, catchup: true, start: 2026-11-01}")


def test_the_table_has_no_row_without_a_proof(tmp_path: Path) -> None:
    assert rows.unproved(TARGET, [rows.project(tmp_path / "p", SPEC)[1], *ELSEWHERE]) == set()


@pytest.mark.airflow
@pytest.mark.slow
def test_what_is_done_runs_as_it_does_here(airflow: Airflow, tmp_path: Path, rows_here: Outcome) -> None:
    root, plan = rows.project(tmp_path / "there", SPEC)
    ran = airflow.run(root, plan, api.compile(plan, "airflow"), rows.PARAMS, {"AIRFLOW_VAR_TOKEN": "t"})
    assert (outcome_of(plan, root, ran.run_id), ran.status) == (rows_here, "succeeded")
    assert (root / "mlflow.db").exists()
    assert (root / "lineage.jsonl").exists()


@pytest.mark.airflow
@pytest.mark.slow
def test_equal_steps_are_taken_from_an_earlier_run(airflow: Airflow, tmp_path: Path) -> None:
    caching.check(tmp_path / "project", "airflow", airflow.run)
