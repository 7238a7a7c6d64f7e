"""MLflow as its users see it: a tree of runs, on a server with PostgreSQL; what is missed is sent later."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_cli import mlspec
from tests.engines import mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: tracked, description: What it is}
params: {seed: 7, name: "it's"}
tracking: {uri: "http://127.0.0.1:9", experiment: "EXPERIMENT"}
on_failure: continue
steps:
  ingest: {run: "printf 'a,b\\\\n1,x\\\\n' > ${{ outputs.table }}", outputs: {table: dataset}}
  fit:
    run: |
      echo '{"auc": 0.5, "lost": NaN}' > ${{ outputs.metrics }}
      echo page > ${{ outputs.page }}
    inputs: {table: ingest.table}
    with: {seed: "${{ params.seed }}", note: "${{ params.name }}"}
    outputs: {metrics: metrics, page: {type: report, path: page.html}}
    matrix: {depth: [1, 2]}
  own: {call: "own:f", inputs: {metrics: fit.metrics}, outputs: {v: values}}
  left_out: {run: "true", when: "params.seed > 7", needs: [own]}
  quality: {gate: ["own.v.x > 0"]}
"""
OWN = """\
def f(metrics):
    import os, mlflow
    if "MLFLOW_TRACKING_URI" in os.environ and not os.environ["MLFLOW_TRACKING_URI"].endswith(":9"):
        with mlflow.start_run(run_name="mine"):
            mlflow.log_metric("m", 1)
    return {"x": 1}
"""
STEPS = ["fit[depth=1]", "fit[depth=2]", "ingest", "own", "quality"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server.server(tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture
def project(tmp_path: Path) -> Path:
    spec = SPEC.replace("EXPERIMENT", f"it's {tmp_path.name}")
    (tmp_path / "mlspec.yaml").write_text(spec, encoding="utf-8")
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return tmp_path


class Tree:
    """What a server has of one experiment, by the names of runs."""

    def __init__(self, uri: str, project: Path) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient(uri)
        experiment = self.client.get_experiment_by_name(f"it's {project.name}")
        assert experiment is not None
        found = list(self.client.search_runs([experiment.experiment_id]))
        self.runs = {run.info.run_name: run for run in found}
        assert len(self.runs) == len(found), sorted(run.info.run_name for run in found)
        roots = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
        assert len(roots) == 1
        self.root = roots[0]

    def below(self, name: str) -> list[str]:
        above = self.runs[name].info.run_id
        return sorted(each for each, run in self.runs.items() if run.data.tags.get("mlflow.parentRunId") == above)

    def datasets(self, name: str) -> list[tuple[Any, ...]]:
        return [
            (one.tags[0].value, one.dataset.name, json.loads(one.dataset.source)["digest"][:10], one.dataset.schema)
            for one in self.runs[name].inputs.dataset_inputs
        ]


def check(tree: Tree) -> None:
    """What stands there whoever sent it, and when."""
    assert tree.below(tree.root.info.run_name) == STEPS
    assert tree.root.info.status == "FINISHED"
    assert tree.root.data.params == {"seed": "7", "name": "it's"}
    fit = tree.runs["fit[depth=1]"]
    assert fit.data.params == {"seed": "7", "name": "it's", "note": "it's"}
    assert fit.data.metrics["auc"] == 0.5 and fit.data.metrics["lost"] != fit.data.metrics["lost"]
    assert [item.path for item in tree.client.list_artifacts(fit.info.run_id, "page")] == ["page/page.html"]
    columns = '{"mlflow_colspec": [{"name": "a", "type": "long", "required": false}, '
    columns += '{"name": "b", "type": "string", "required": false}]}'
    (read,), (made,) = tree.datasets("fit[depth=1]"), tree.datasets("ingest")
    assert read[:2] == ("input", "table") and made[:2] == ("output", "table")
    assert read[2:] == made[2:] and read[3] == columns
    assert {run.data.tags["mlspec.run_id"] for run in tree.runs.values()} == {tree.root.info.run_name}
    assert len({run.data.tags["mlspec.spec_digest"] for name, run in tree.runs.items() if name != "mine"}) == 1


def test_a_run_is_a_tree_and_runs_again_without_duplicates(project: Path, server: str) -> None:
    to_server = ("--set", f"tracking.uri={server}")
    done = mlspec("run", "-q", *to_server, cwd=project)
    assert (done.returncode, "warning" in done.stdout) == (0, False), done.stdout + done.stderr
    tree = Tree(server, project)
    check(tree)
    assert tree.below("own") == ["mine"]  # what the code of the step opened itself
    known = mlspec("runs", "sync", *to_server, cwd=project)
    assert (known.returncode, known.stdout) == (0, f"run {tree.root.info.run_name}: MLflow at {server} knows it all\n")

    shutil.rmtree(next((project / ".mlspec/store/tracked").glob("2*")) / "own")
    assert mlspec("run", "-q", "--resume", "latest", "--no-cache", *to_server, cwd=project).returncode == 0
    resumed = Tree(server, project)
    assert resumed.below(resumed.root.info.run_name) == STEPS
    assert resumed.runs["own"].info.run_id != tree.runs["own"].info.run_id
    assert resumed.runs["ingest"].info.run_id == tree.runs["ingest"].info.run_id


def test_what_a_server_that_was_down_has_missed_is_sent_once(project: Path, server: str) -> None:
    done = mlspec("run", "-q", cwd=project)  # nobody listens at the spec's own address
    assert done.returncode == 0 and "MLflow: not logged" in done.stdout, done.stdout + done.stderr
    still = mlspec("runs", "sync", cwd=project)
    assert still.returncode == 1 and "not sent to MLflow at http://127.0.0.1:9: " in still.stderr

    to_server = ("--set", f"tracking.uri={server}")
    sent = mlspec("runs", "sync", "latest", *to_server, cwd=project)
    assert sent.returncode == 0 and sent.stdout.endswith(f"5 of 5 steps sent to MLflow at {server}\n"), sent.stderr
    first = Tree(server, project)
    check(first)

    for note in next((project / ".mlspec/store/tracked").glob("2*/_deliveries")).glob("*"):
        note.unlink()  # it was killed before it could say what it had sent
    again = mlspec("runs", "sync", *to_server, cwd=project)
    assert again.returncode == 0, again.stderr
    second = Tree(server, project)
    check(second)
    assert {name: run.info.run_id for name, run in second.runs.items()} == {
        name: run.info.run_id for name, run in first.runs.items()
    }


def test_there_is_nobody_to_tell_without_tracking(project: Path) -> None:
    spec = project / "mlspec.yaml"
    spec.write_text(spec.read_text().replace("tracking:", "x-tracking:"), encoding="utf-8")
    done = mlspec("runs", "sync", cwd=project)
    assert done.returncode == 2 and "the spec has neither `tracking` nor `lineage`: there is nobody to tell" in done.stderr
