"""Runs compiled IR in `kfp.local`: its real orchestrator, with each container as a process on this machine.

In: a project, a plan, its files and parameters. Out: an `EngineRun`.
Owns the import of kfp (two seconds, once for a test process) and what `kfp.local` leaves out: running container components
without Docker, with Kubernetes' expansion of their words. Change it when a test needs more of a pod than its command and its
environment.
"""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlspec.ir.model import Plan
from mlspec.store.timestamps import timestamp
from mlspec.targets.base import GeneratedFile
from mlspec.targets.kubeflow.validate_ir import faults
from tests.engines import EngineRun, kubernetes

_PRINT = builtins.print


def with_shared_store(plan: Plan, project: Path) -> Plan:
    """The plan with a store that says of itself that all pods have its folder, as those here do."""
    return replace(plan, store=f"file://{project}/{plan.store}")


def run(
    project: Path,
    plan: Plan,
    files: Sequence[GeneratedFile],
    params: Mapping[str, object],
    environment: Mapping[str, str] | None = None,
    root: Path | None = None,
    volumes: Mapping[str, Path] | None = None,
) -> EngineRun:
    """Run a plan's pipeline in `project`; artifacts go to `root` or to a folder that is gone afterwards, records to the plan's
    store. `volumes` are folders by the path at which pods would have them.
    """
    from kfp import local

    pods = _pods()
    pods.project, pods.environment, pods.commands = project, dict(environment or {}), []
    pods.volumes = dict(volumes or {})
    with tempfile.TemporaryDirectory() as passing:
        runner = local.SubprocessRunner(use_venv=False)
        return call(plan, files, params, runner, str(root or passing), pods.commands)


def call(
    plan: Plan,
    files: Sequence[GeneratedFile],
    params: Mapping[str, object],
    runner: Any,
    root: str,
    commands: list[list[str]],
) -> EngineRun:
    """Run a plan's pipeline with `runner`, artifacts below `root`; `commands` is filled with what tasks were started.

    Fails when our own validator finds a fault in the IR.
    """
    from kfp import local

    text = next(file.content for file in files if file.path == f"{plan.lifecycle}.yaml")
    assert faults(*yaml.load_all(text, yaml.CSafeLoader)) == []
    # The backend puts a run's own time there; `kfp.local` of 2.17 knows no such placeholder (placeholder_utils.py).
    pipeline = load(text.replace("{{$.pipeline_job_schedule_time_utc}}", timestamp()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # settings that have no effect outside a cluster
        local.init(runner=runner, pipeline_root=root, raise_on_error=True)
        try:
            pipeline(**{name: _typed(plan, name, value) for name, value in params.items()})
            status = "succeeded"
        except RuntimeError as error:
            if "finished with status" not in str(error):
                raise
            status = "failed"
        finally:
            local.config.LocalExecutionConfig.instance = None
            # Tasks that run at once restore each other's `print` (logging_utils.indented_print): one that is left prints twice.
            builtins.print = _PRINT
    return EngineRun(status, _run_id(commands))


def load(text: str) -> Any:
    """Load IR as kfp does: a pipeline that can be called."""
    from kfp import components

    return components.load_component_from_text(text)


def _typed(plan: Plan, name: str, value: object) -> object:
    """kfp's SDK, unlike its backend, does not take an integer for a double."""
    return float(value) if isinstance(value, int) and plan.param(name).type == "number" else value


def _run_id(commands: list[list[str]]) -> str:
    ids = {word.removeprefix("--run-id=") for command in commands for word in command if word.startswith("--run-id=")}
    assert len(ids) == 1, ids
    return ids.pop()


@cache
def _pods() -> Any:
    """The handler that takes the place of the subprocess runner's, which refuses container components."""
    from kfp.local import status, subprocess_task_handler

    class Pods(subprocess_task_handler.SubprocessTaskHandler):  # type: ignore[misc]
        project: Path
        environment: dict[str, str]
        commands: list[list[str]]
        volumes: dict[str, Path]

        def validate_image(self, image: str) -> None:
            pass

        def validate_not_container_component(self, full_command: list[str]) -> None:
            pass

        def validate_not_containerized_python_component(self, full_command: list[str]) -> None:
            pass

        def run(self) -> Any:
            Pods.commands.append(self.full_command)
            variables = {**kubernetes.expanded_variables(self.env_vars), **Pods.environment}
            command = kubernetes.expanded_command(self.full_command, variables)
            for mounted, folder in Pods.volumes.items():
                command = [word.replace(mounted, str(folder)) for word in command]
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            inherited = {key: value for key, value in os.environ.items() if not key.startswith("MLSPEC")}
            done = subprocess.run(
                command,
                cwd=Pods.project,
                env={**inherited, "PATH": path, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            print(done.stdout, end="")
            return status.Status.SUCCESS if done.returncode == 0 else status.Status.FAILURE

    subprocess_task_handler.SubprocessTaskHandler = Pods
    return Pods
