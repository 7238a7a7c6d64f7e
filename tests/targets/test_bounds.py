"""A run whose parameters break their limits fails before its first step, on every engine, with the words of `mlspec run -p`.

Where the orchestrator checks them itself (Airflow's `Param`, Jenkins' choices, kfp's types) it makes no run of them at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.engine.params import params_from_text
from mlspec.expr.limits import ParameterError
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile
from tests.engines import EngineRun, jenkins, kfp_local, local
from tests.engines.airflow import Airflow

SPEC: dict[str, Any] = {
    "apiVersion": "mlspec/v1",
    "kind": "Lifecycle",
    "metadata": {"name": "bounds"},
    "params": {
        "depth": {"type": "integer", "default": 2, "minimum": -3, "maximum": 9},
        "rate": {"type": "number", "default": 0.5, "minimum": 0, "maximum": 1},
        "mode": {"type": "string", "default": "fast", "enum": ["fast", "$(PATH)", ""]},
        "sizes": {"type": "list", "default": [1], "enum": [[1], [2, 3]]},
        "word": {"type": "string", "default": "é", "pattern": r"\pL+|\$\$"},  # which Airflow's JSON Schema cannot say
        "go": True,
        "free": "text",
    },
    "on_failure": "stop",
    "steps": {
        "first": {"run": "touch ran-first"},
        "apart": {"run": "touch ran-apart", "matrix": {"n": [1, 2]}},
        "each": {"run": "touch ran-each-${{ item }}", "foreach": [1, 2], "needs": ["first"]},
        "nothing": {"run": "touch ran-nothing-${{ item }}", "foreach": []},
        "later": {
            "run": "printf '%s|' ${{ params.depth }} ${{ params.mode }} ${{ params.word }} > ran-later",
            "needs": ["first"],
            "when": "params.go",
        },
    },
    "finally": {"cleanup": {"run": "touch ran-cleanup"}, "after": {"run": "touch ran-after", "needs": ["cleanup"]}},
}
BROKEN = {
    "depth": "-4",
    "rate": "1.5",
    "mode": "slow",
    "sizes": "[3,2]",
    "word": "é\n",
}


def project(folder: Path) -> Plan:
    (folder / "mlspec.yaml").write_text(yaml.safe_dump(SPEC, allow_unicode=True), encoding="utf-8")
    return api.plan(api.load(folder / "mlspec.yaml"))


def words(plan: Plan, **texts: str) -> str:
    """What `mlspec run -p` says."""
    with pytest.raises(ParameterError) as raised:
        params_from_text(plan, texts)
    return str(raised.value)


def nothing_ran(folder: Path, plan: Plan, done: EngineRun, message: str) -> None:
    assert done.status == "failed"
    assert not list(folder.glob("ran-*"))
    root = folder / plan.store / plan.lifecycle
    records = {path.parent.name: json.loads(path.read_text()) for path in root.rglob("_record.json")}
    assert {record["status"] for record in records.values()} == {"failed"}
    assert {record["error"] for record in records.values()} == {message}
    assert "cleanup" in records


def emitted(plan: Plan, target: str) -> list[GeneratedFile]:
    return api.compile(plan, target)


def on_kubeflow(folder: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
    shared = kfp_local.with_shared_store(plan, folder)
    return kfp_local.run(folder, shared, emitted(shared, "kubeflow"), params)


def read(name: str) -> Any:
    text = BROKEN[name]
    return text if SPEC["params"][name]["type"] == "string" else json.loads(text)


@pytest.mark.parametrize("name", BROKEN)
def test_here(name: str, tmp_path: Path) -> None:
    plan = project(tmp_path)
    with pytest.raises(ParameterError) as raised:
        local.run(tmp_path, plan, {name: read(name)})
    assert str(raised.value) == words(plan, **{name: BROKEN[name]})
    assert not list(tmp_path.glob("ran-*"))


@pytest.mark.kfp
@pytest.mark.parametrize("name", BROKEN)
def test_kubeflow(name: str, tmp_path: Path) -> None:
    plan = project(tmp_path)
    done = on_kubeflow(tmp_path, plan, {name: read(name)})
    nothing_ran(tmp_path, plan, done, words(plan, **{name: BROKEN[name]}))


@pytest.mark.kfp
def test_kubeflow_within_them(tmp_path: Path) -> None:
    plan = project(tmp_path)
    params = {"depth": -3, "rate": 1, "mode": "", "sizes": [2, 3], "word": "漢"}
    assert on_kubeflow(tmp_path, plan, params).status == "succeeded"
    assert (tmp_path / "ran-later").read_text() == "-3||漢|"


@pytest.mark.airflow
@pytest.mark.slow
def test_airflow(airflow: Airflow, tmp_path: Path) -> None:
    on_airflow(airflow, tmp_path)


@pytest.mark.airflow2
@pytest.mark.slow
def test_airflow_2(airflow_2: Airflow, tmp_path: Path) -> None:
    on_airflow(airflow_2, tmp_path)


def on_airflow(airflow: Airflow, folder: Path) -> None:
    plan = project(folder)
    files = emitted(plan, "airflow")
    for name in ("depth", "rate", "mode", "sizes"):
        with pytest.raises(RuntimeError, match="ParamValidationError"):
            airflow.run(folder, plan, files, {name: read(name)})
        assert not list(folder.glob("ran-*"))
    done = airflow.run(folder, plan, files, {"word": BROKEN["word"]})
    nothing_ran(folder, plan, done, words(plan, word=BROKEN["word"]))


@pytest.mark.groovy
@pytest.mark.parametrize("name", ["depth", "rate", "word"])
def test_jenkins(name: str, tmp_path: Path) -> None:
    plan = project(tmp_path)
    done = jenkins.run(tmp_path, plan, emitted(plan, "jenkins"), {name: BROKEN[name]})
    nothing_ran(tmp_path, plan, done, words(plan, **{name: BROKEN[name]}))


@pytest.mark.groovy
@pytest.mark.parametrize("name", ["mode", "sizes"])
def test_jenkins_choices(name: str, tmp_path: Path) -> None:
    plan = project(tmp_path)
    done = jenkins.run(tmp_path, plan, emitted(plan, "jenkins"), {name: BROKEN[name]})
    nothing_ran(tmp_path, plan, done, words(plan, **{name: BROKEN[name]}))


@pytest.mark.parametrize("name", BROKEN)
def test_an_mlflow_project(name: str, tmp_path: Path) -> None:
    """Its one process is `mlspec run -p`."""
    plan = project(tmp_path)
    (main, *_) = [file.content for file in emitted(plan, "mlproject") if file.path == "MLproject"]
    assert f"-p {name}={{{name}}}" in main
