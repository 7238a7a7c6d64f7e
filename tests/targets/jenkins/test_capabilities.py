"""Every row of the target's table that is not a refusal is done by a spec, which runs as it does here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.jenkins import TARGET
from tests.engines import jenkins, local
from tests.engines.outcome import Outcome, outcome_of
from tests.targets import caching, rows

STOPS = rows.SPEC + rows.SCHEDULE.replace("}}", "}, overlap: cancel}")
GOES_ON = """\
on_failure: continue
store: local://@STORE@
steps:
  slow: {run: sleep 60, timeout: 1s}
  mend: {needs: [slow], run_if: failure, run: "true"}
  below: {needs: [slow], run: "true"}
  sign_off: {approval: {message: Go on?, approvers: [risk]}}
  after: {needs: [sign_off], run: "true"}
"""


def goes_on(folder: Path) -> tuple[Path, Plan]:
    """A project whose store is reached from workspaces other than it."""
    return rows.project(folder / "project", GOES_ON.replace("@STORE@", str(folder / "store")))


def test_the_table_has_no_row_without_a_proof(tmp_path: Path) -> None:
    assert rows.unproved(TARGET, [rows.project(tmp_path / "stops", STOPS)[1], goes_on(tmp_path)[1]]) == set()


@pytest.mark.groovy
@pytest.mark.slow
def test_what_is_done_runs_as_it_does_here(tmp_path: Path, rows_here: Outcome) -> None:
    root, plan = rows.project(tmp_path / "there", STOPS)
    [file] = api.compile(plan, "jenkins")
    done = jenkins.build(root, file.content, {"MLSPEC_PARAM_LEAST": rows.PARAMS["least"]}, credentials={"the-token": "t"})
    assert (outcome_of(plan, root, done.run_id), done.result) == (rows_here, "SUCCESS"), done.log
    assert (root / "mlflow.db").exists()
    assert (root / "lineage.jsonl").exists()
    assert "inside acme/ml:1 --cpus 1 --memory 1073741824" in done.log
    assert "cron('''\\\nTZ=Europe/Berlin\n0 3 * * 1''')" in file.content


@pytest.mark.groovy
@pytest.mark.slow
def test_what_goes_on_after_a_failure_and_waits_for_people_does_as_it_does_here(tmp_path: Path) -> None:
    there, plan = goes_on(tmp_path / "there")
    done = jenkins.run(there, plan, api.compile(plan, "jenkins"), {}, {"Go on?": "ada"})
    outcome = outcome_of(plan, there, done.run_id)
    here, plan = goes_on(tmp_path / "here")
    with local.approving(here, plan, "sign_off"):
        assert outcome == outcome_of(plan, here, local.run(here, plan).run_id)
    assert done.status == outcome.status == "failed"
    assert {name: step.state for name, step in outcome.steps.items() if step.state != "succeeded"} == {
        "slow": "failed",
        "below": "blocked",
    }


@pytest.mark.groovy
@pytest.mark.slow
def test_equal_steps_are_taken_from_an_earlier_run(tmp_path: Path) -> None:
    caching.check(tmp_path / "project", "jenkins", jenkins.run)
