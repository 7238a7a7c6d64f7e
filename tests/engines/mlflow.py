"""Runs generated MLflow Projects with MLflow's own command.

In: a project, a plan, its files and parameters. Out: an `EngineRun`. Owns a tracking database that is gone with the
project; every run is a process of its own, which takes some five seconds. Change it when a test needs more of MLflow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlspec.engine import Runs
from mlspec.generated import write
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile
from tests.engines import EngineRun

FOLDER = Path("pipelines") / "mlproject"


def run(
    project: Path,
    plan: Plan,
    files: Sequence[GeneratedFile],
    params: Mapping[str, str],
    entry_point: str = "main",
    environment: Mapping[str, str] | None = None,
) -> EngineRun:
    """Run an entry point in this Python; `params` are texts. Fails when MLflow did not get as far as starting it."""
    place(project, files)
    done = command(project, params, entry_point, environment)
    assert "Running command" in done.stderr, done.stdout + done.stderr
    found = Runs(plan.lifecycle, plan.store, project).ids()
    assert found, done.stdout + done.stderr
    return EngineRun("succeeded" if done.returncode == 0 else "failed", found[-1])


def place(project: Path, files: Sequence[GeneratedFile]) -> None:
    """Write the files where `mlspec compile` would."""
    write(files, project / FOLDER)


def command(
    project: Path, params: Mapping[str, str], entry_point: str = "main", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call `mlflow run` on the project, from elsewhere."""
    words = [word for name, value in params.items() for word in ("-P", f"{name}={value}")]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MLSPEC", "MLFLOW"))}
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "mlflow", "run", str(project / FOLDER), "-e", entry_point, "--env-manager", "local", *words],
        cwd=elsewhere,
        env={
            **inherited,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_TRACKING_URI": f"sqlite:///{project.parent}/tracking.db",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **(environment or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
