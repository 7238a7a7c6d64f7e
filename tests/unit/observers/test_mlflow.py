"""What MLflow is told, read back from its own database."""

from __future__ import annotations

import importlib.util
import math
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import LIMIT

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="MLflow is not installed"),
]
MEASURE = 'echo \'{"auc": 0.75, "lost": NaN, "f@1": 1}\' > ${{ outputs.m }}'


def logged(project: Project, experiment: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project.root}/.mlspec/mlflow.db")
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id])) if found else []


TRACKING = ("--tracking", "sqlite:///.mlspec/mlflow.db", "--experiment", "credit")


def steps(runs: list[Any]) -> list[Any]:
    """The runs of steps, by their names."""
    return sorted((run for run in runs if "mlspec.step" in run.data.tags), key=lambda run: str(run.info.run_name))


def test_a_step_is_one_run_of_mlflow_below_that_of_its_run(project: Project) -> None:
    words = ("--cache", "--step", "s", "--instance", '0={"depth": 2}', *TRACKING, "--spec-digest", "sha256:1")
    given = ("--output", "m=metrics", "--with", "depth=2", "--with", "long=" + "x" * 7000, "--param", "seed:integer=7")
    project.done(*words, *given, "--shell", MEASURE)
    found = logged(project, "credit")
    (run,) = steps(found)
    (whole,) = [each for each in found if each is not run]
    assert (whole.info.run_name, whole.info.status, whole.data.params) == ("r", "FINISHED", {"seed": "7"})
    assert run.data.tags["mlflow.parentRunId"] == whole.info.run_id
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "s[depth=2]"
    tags = {name: text for name, text in run.data.tags.items() if name.startswith("mlspec.")}
    assert tags.pop("mlspec.output.m") == project.record("s/0")["outputs"]["m"]["digest"]
    assert tags.pop("mlspec.started") == project.record("s/0")["started"]
    assert len(tags.pop("mlspec.key")) == 32
    assert tags == {
        "mlspec.attempts": "1",
        "mlspec.body": "run",
        "mlspec.lifecycle": "lifecycle",
        "mlspec.run_id": "r",
        "mlspec.step": "s[depth=2]",
        "mlspec.spec_digest": "sha256:1",
    }
    assert run.data.params == {"depth": "2", "long": "x" * 6000, "seed": "7"}
    assert math.isnan(run.data.metrics.pop("lost"))
    assert run.data.metrics == {"auc": 0.75, "f_1": 1.0}

    project.done(*words, *given, "--shell", MEASURE, run="2")
    (cached,) = [each for each in steps(logged(project, "credit")) if each.data.tags["mlspec.run_id"] == "2"]
    assert (cached.data.tags["mlspec.cached"], cached.data.tags["mlspec.cached_from"]) == ("true", "r")
    assert cached.data.metrics["auc"] == 0.75
    assert project.exec(*words, "--output", "m=metrics", "--shell", "false").returncode == 1
    again = [each for each in logged(project, "credit") if each.data.tags["mlspec.run_id"] == "r"]
    assert [each.info.status for each in again] == ["FAILED", "FAILED"]  # the former end of the step is gone
    assert not (project.root / "mlruns").exists()


def test_steps_that_end_together_make_one_run_for_all(project: Project) -> None:
    """The first of them makes MLflow's tables, and the others wait for it."""
    words = (*TRACKING, "--output", "m=metrics", "--shell", MEASURE)
    processes = [project.start("--step", step, *words) for step in ("a", "b", "c")]
    ends = [(process.communicate(timeout=300)[1], process.returncode) for process in processes]
    assert ends == [("", 0)] * 3
    found = logged(project, "credit")
    assert [run.info.run_name for run in steps(found)] == ["a", "b", "c"]
    (whole,) = [run for run in found if "mlspec.step" not in run.data.tags]
    assert {run.data.tags["mlflow.parentRunId"] for run in steps(found)} == {whole.info.run_id}
    assert whole.info.status == "FINISHED"


def test_a_server_that_is_down_is_a_warning(project: Project) -> None:
    words = ("--step", "s", "--tracking", "http://127.0.0.1:9", "--output", "m=metrics")
    end = project.exec(*words, "--shell", MEASURE)  # which MLflow itself would let wait for minutes
    assert end.returncode == 0
    (warning,) = end.stderr.splitlines()
    assert warning.startswith("mlspec: step s: MLflow: not logged: ")
    assert project.record("s")["status"] == "succeeded"
    assert (
        project.exec(*words, "--shell", "exit 3")
        .stderr.splitlines()[-1]
        .endswith("failed: its process ended with exit status 3")
    )


def test_of_a_step_that_is_skipped_mlflow_is_not_told(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        tracking = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert project.exec("--step", "s", "--tracking", tracking, "--when", "1 > 2", "--shell", "true").returncode == 99
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_step_that_is_interrupted_while_it_waits_for_mlflow_has_succeeded(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT)
        tracking = f"http://127.0.0.1:{server.getsockname()[1]}"
        process = project.start("--step", "s", "--tracking", tracking, "--output", "m=metrics", "--shell", MEASURE)
        connection, _ = server.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            _, messages = process.communicate(timeout=LIMIT)
    assert messages == "mlspec: step s: MLflow: not logged: interrupted by SIGTERM\n"
    assert process.returncode == 0
    assert project.record("s")["status"] == "succeeded"
