"""The engines that generated specs run on, each kept alive from one spec to the next.

In: a folder for what they keep. Out: engines by the name of their target. Owns which engines there are on this machine; never
runs a spec. Change it when another engine, or another version of one, should agree with the others.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile
from tests.conformance.compare import Engine, Secrets, variables
from tests.conformance.drawn import KINDS, user_of
from tests.engines import EngineRun, jenkins, kfp_local
from tests.engines.airflow import AIRFLOW_2, Airflow


def present() -> list[str]:
    """The engines that can run here, by target, after an `@` the version if it is not the one that tests use otherwise."""
    found = {
        "kubeflow": importlib.util.find_spec("kfp") is not None,
        "airflow": importlib.util.find_spec("airflow") is not None,
        "airflow@2": any(AIRFLOW_2.parents[1].glob("lib/python*/site-packages/airflow/__init__.py")),
        "jenkins": all(shutil.which(command) for command in ("java", "groovy")),
    }
    return [name for name, there in found.items() if there]


@contextmanager
def alive(names: Sequence[str], home: Path) -> Iterator[dict[str, Engine]]:
    """Start engines by name, and end them."""
    with ExitStack() as stack:
        engines: dict[str, Engine] = {}
        if "kubeflow" in names:
            engines["kubeflow"] = _kubeflow
        if "airflow" in names:
            engines["airflow"] = _airflow(stack, Airflow(home / "airflow"))
        if "airflow@2" in names:
            engines["airflow@2"] = _airflow(stack, Airflow(home / "airflow2", AIRFLOW_2))
        if "jenkins" in names:
            engines["jenkins"] = _jenkins
        yield engines


def _airflow(stack: ExitStack, airflow: Airflow) -> Engine:
    stack.callback(airflow.close)

    def run(project: Path, plan: Plan, files: list[GeneratedFile], params: dict[str, Any], secrets: Secrets) -> EngineRun:
        return airflow.run(project, plan, files, params, dict(airflow_variable(*secret) for secret in secrets.items()))

    return run


def airflow_variable(name: str, text: str) -> tuple[str, str]:
    """A connection of a login, else a variable, as Airflow's environment has it."""
    if KINDS.get(name) == "login":
        return f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "generic", "login": user_of(name), "password": text})
    return f"AIRFLOW_VAR_{name.upper()}", text


def _kubeflow(project: Path, plan: Plan, files: list[GeneratedFile], params: dict[str, Any], secrets: Secrets) -> EngineRun:
    # kfp.local knows no Kubernetes secrets: here they are in the pods' environment already, and files where a volume would be.
    mounted = project.parent / "mounted"
    held = variables(secrets, mounted)
    held = {name: text for name, text in held.items() if not Path(text).is_relative_to(mounted)}
    return kfp_local.run(project, plan, files, params, held, volumes={"/var/run/mlspec/secrets/hidden": mounted})


def _jenkins(project: Path, plan: Plan, files: list[GeneratedFile], params: dict[str, Any], secrets: Secrets) -> EngineRun:
    held = {name: f"{user_of(name)}:{text}" if KINDS.get(name) == "login" else text for name, text in secrets.items()}
    return jenkins.run(project, plan, files, params, credentials=held)
