"""The project under MLflow's own `mlflow run`: the same run as here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mlspec import api
from mlspec.ir.model import Plan
from tests.engines import local, mlflow
from tests.engines.outcome import outcome_of
from tests.targets.mlproject.plans import AWKWARD, CODE, CONTINUE, SPEC

pytestmark = pytest.mark.slow


def make(folder: Path, spec: str = SPEC) -> tuple[Path, Plan]:
    project = folder / "project"
    (project / "src").mkdir(parents=True)
    (project / "mlspec.yaml").write_text(spec, encoding="utf-8")
    (project / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (project / "data.csv").write_text("a\n1\n", encoding="utf-8")
    (project / "contract.yaml").write_text("columns: {a: {type: integer}}\n", encoding="utf-8")
    return project, api.plan(api.load(project / "mlspec.yaml"))


@pytest.mark.parametrize(
    "params",
    [{"who": AWKWARD, "n": 4, "deep": False, "on": ["x", {"y": 1}], "rate": 0.25}, {"n": 5}],
    ids=["awkward", "gate-stops"],
)
def test_main_gives_what_a_local_run_gives(tmp_path: Path, params: dict[str, Any]) -> None:
    here, plan = make(tmp_path / "here")
    ours = outcome_of(plan, here, local.run(here, plan, params).run_id)
    there, plan = make(tmp_path / "there")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    done = mlflow.run(there, plan, api.compile(plan, "mlproject"), texts)
    assert done.status == ours.status
    assert outcome_of(plan, there, done.run_id) == ours
    assert sorted(path.name for path in there.iterdir()) == [
        ".mlspec",
        "contract.yaml",
        "data.csv",
        "mlspec.yaml",
        "pipelines",
        "src",
    ]


def test_what_goes_on_after_a_failure_and_waits_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_TOKEN", "opensesame")
    here, plan = make(tmp_path / "here", CONTINUE)
    with local.approving(here, plan, "sign_off"):
        ours = outcome_of(plan, here, local.run(here, plan).run_id)
    there, plan = make(tmp_path / "there", CONTINUE)
    with local.approving(there, plan, "sign_off"):
        done = mlflow.run(there, plan, api.compile(plan, "mlproject"), {})
    assert done.status == ours.status == "failed"
    assert outcome_of(plan, there, done.run_id) == ours
    assert {name: step.state for name, step in ours.steps.items() if step.state != "succeeded"} == {
        "slow": "failed",
        "below": "blocked",
        "maybe": "skipped",
        "after": "skipped",
    }


def test_a_step_runs_alone_on_what_is_there(tmp_path: Path) -> None:
    project, plan = make(tmp_path)
    first = local.run(project, plan)
    done = mlflow.run(project, plan, api.compile(plan, "mlproject"), {"deep": "false"}, entry_point="fit")
    assert done.status == "succeeded"
    assert done.run_id != first.run_id
    alone, whole = (outcome_of(plan, project, run.run_id).steps for run in (done, first))
    assert alone["fit[depth=2]"].state == alone["fit[depth=4]"].state == "succeeded"
    assert alone["fit[depth=2]"].outputs != whole["fit[depth=2]"].outputs, "the parameter counts"


def test_what_was_not_reviewed_does_not_run(tmp_path: Path) -> None:
    project, plan = make(tmp_path)
    mlflow.place(project, api.compile(plan, "mlproject"))
    spec = project / "mlspec.yaml"
    spec.write_text(SPEC.replace("echo ${{ params.n }}", "echo other"), encoding="utf-8")
    done = mlflow.command(project, {})
    assert done.returncode != 0
    assert "is not what the spec says now" in done.stderr
    assert not (project / ".mlspec").exists()


def test_a_parameter_that_does_not_exist_is_not_dropped(tmp_path: Path) -> None:
    project, plan = make(tmp_path)
    mlflow.place(project, api.compile(plan, "mlproject"))
    done = mlflow.command(project, {"nn": "3"})
    assert done.returncode != 0
    assert re.search(r"No such option.*--nn", done.stderr)
    assert not (project / ".mlspec").exists()


def test_steps_log_to_runs_of_their_own(tmp_path: Path) -> None:
    import mlflow as library

    spec = SPEC + "tracking: {uri: 'sqlite:///.mlspec/mlflow.db', experiment: mine}\n"
    project, plan = make(tmp_path, spec)
    done = mlflow.run(project, plan, api.compile(plan, "mlproject"), {})
    assert done.status == "succeeded"
    client = library.MlflowClient(f"sqlite:///{project}/.mlspec/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    (whole,) = (run for run in runs if run.info.run_name == done.run_id)
    steps = {run.info.run_name: run for run in runs if run is not whole}
    assert set(steps) == {step.id for step in plan.all_steps()}
    assert {run.data.tags["mlflow.parentRunId"] for run in steps.values()} == {whole.info.run_id}
    assert [steps[f"fit[depth={depth}]"].data.metrics["depth"] for depth in (2, 4)] == [2, 4]
