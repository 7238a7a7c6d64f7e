"""Every row of the target's table that is not a refusal is done by one spec, which runs as it does here."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.kubeflow import TARGET
from tests.engines import kfp_local
from tests.engines.outcome import Outcome, outcome_of
from tests.targets import caching, rows


def test_the_table_has_no_row_without_a_proof(tmp_path: Path) -> None:
    assert rows.unproved(TARGET, [rows.project(tmp_path / "p")[1]]) == set()


@pytest.mark.kfp
@pytest.mark.slow
def test_what_is_done_runs_as_it_does_here(tmp_path: Path, rows_here: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t")
    root, plan = rows.project(tmp_path / "there")
    plan = kfp_local.with_shared_store(plan, root)
    ran = kfp_local.run(root, plan, api.compile(plan, "kubeflow"), rows.PARAMS)
    assert (outcome_of(plan, root, ran.run_id), ran.status) == (rows_here, "succeeded")
    assert (root / "mlflow.db").exists()
    assert (root / "lineage.jsonl").exists()


@pytest.mark.kfp
@pytest.mark.slow
def test_equal_steps_are_taken_from_an_earlier_run(tmp_path: Path) -> None:
    caching.check(tmp_path / "project", "kubeflow", partial(kfp_local.run, root=tmp_path / "artifacts"))
