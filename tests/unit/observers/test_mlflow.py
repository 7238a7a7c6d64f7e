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


def test_a_step_with_metrics_is_one_run_of_mlflow(project: Project) -> None:
    tracking = ("--tracking", "sqlite:///.mlspec/mlflow.db", "--experiment", "credit", "--spec-digest", "sha256:1")
    words = ("--cache", "--step", "s", "--instance", '0={"depth": 2}', *tracking)
    project.done(*words, "--output", "m=metrics", "--with", "depth=2", "--with", "long=" + "x" * 7000, "--shell", MEASURE)
    (run,) = logged(project, "credit")
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "s[depth=2]"
    tags = {name: text for name, text in run.data.tags.items() if name.startswith("mlspec.")}
    assert tags == {
        "mlspec.lifecycle": "lifecycle",
        "mlspec.run_id": "r",
        "mlspec.step": "s[depth=2]",
        "mlspec.spec_digest": "sha256:1",
    }
    assert run.data.params == {"depth": "2", "long": "x" * 6000}
    assert math.isnan(run.data.metrics.pop("lost"))
    assert run.data.metrics == {"auc": 0.75, "f_1": 1.0}

    project.done(
        *words, "--output", "m=metrics", "--with", "depth=2", "--with", "long=" + "x" * 7000, "--shell", MEASURE, run="2"
    )
    assert len(logged(project, "credit")) == 1  # from the cache: nothing was measured
    assert project.exec(*words, "--output", "m=metrics", "--shell", "false").returncode == 1
    assert [run.info.status for run in logged(project, "credit")] == ["FAILED", "FINISHED"]
    assert not (project.root / "mlruns").exists()


def test_steps_that_end_together_are_all_logged(project: Project) -> None:
    """The first of them makes MLflow's tables, and the others wait for it."""
    words = ("--tracking", "sqlite:///.mlspec/mlflow.db", "--experiment", "credit", "--output", "m=metrics", "--shell", MEASURE)
    processes = [project.start("--step", step, *words) for step in ("a", "b")]
    ends = [(process.communicate(timeout=300)[1], process.returncode) for process in processes]
    assert ends == [("", 0)] * 2
    assert sorted(run.info.run_name for run in logged(project, "credit")) == ["a", "b"]


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


def test_a_step_that_measures_nothing_does_not_ask_mlflow(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        tracking = f"http://127.0.0.1:{server.getsockname()[1]}"
        project.done("--step", "s", "--tracking", tracking, "--output", "o=model", "--shell", "echo > ${{ outputs.o }}")
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
