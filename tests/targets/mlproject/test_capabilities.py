"""Every row of the target's table that is not a refusal is done by a spec, which runs as it does here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.mlproject import TARGET
from tests.engines import mlflow
from tests.engines.outcome import Outcome, outcome_of
from tests.targets import rows
from tests.targets.mlproject.plans import CONTINUE

SPEC = rows.SPEC + "triggers: {overlap: queue}\n"
GOES_ON = CONTINUE[CONTINUE.index("on_failure:") :]
"""What `test_run.py` runs: a lifecycle that goes on after a failure and waits for a person."""


def test_the_table_has_no_row_without_a_proof(tmp_path: Path) -> None:
    plans = [rows.project(tmp_path / "rows", SPEC)[1], rows.project(tmp_path / "goes-on", GOES_ON)[1]]
    assert rows.unproved(TARGET, plans) == set()


@pytest.mark.slow
def test_what_is_done_runs_as_it_does_here(tmp_path: Path, rows_here: Outcome) -> None:
    root, plan = rows.project(tmp_path / "there", SPEC)
    texts = {name: str(value) for name, value in rows.PARAMS.items()}
    ran = mlflow.run(root, plan, api.compile(plan, "mlproject"), texts, environment={"TOKEN": "t"})
    assert (outcome_of(plan, root, ran.run_id), ran.status) == (rows_here, "succeeded")
    assert (root / "mlflow.db").exists()
    assert (root / "lineage.jsonl").exists()
