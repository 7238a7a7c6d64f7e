"""`triggers.catchup` on the real Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.airflow import TARGET
from tests.engines.airflow import Airflow
from tests.targets import rows

TRIGGERS = "triggers: {{schedule: {{cron: '0 5 * * *', timezone: Europe/Berlin}}{more}}}\n"


def made(folder: Path, more: str) -> tuple[list[api.GeneratedFile], list[str]]:
    plan = rows.project(folder, rows.STEP + TRIGGERS.format(more=more))[1]
    files, findings = api.emit(plan, TARGET)
    assert files is not None
    return files, [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("more", "catchup", "start", "codes"),
    [
        ("", False, "2019-12-31T23:00:00+00:00", []),
        (", catchup: true", True, "2019-12-31T23:00:00+00:00", ["MLS549"]),
        (", catchup: true, start: 2026-07-01", True, "2026-06-30T22:00:00+00:00", []),
    ],
)
@pytest.mark.airflow
@pytest.mark.slow
def test_a_dag_catches_up_from_its_start_on(
    airflow: Airflow, tmp_path: Path, more: str, catchup: bool, start: str, codes: list[str]
) -> None:
    files, found = made(tmp_path / "p", more)
    assert found == codes
    [dag] = airflow.load(tmp_path / "p", files)["dags"].values()
    assert (dag["catchup"], dag["start_date"]) == (catchup, start)
