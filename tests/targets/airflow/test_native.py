"""Arguments of Airflow's own: they are those of the real classes, reach them, and are marked in the file."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mlspec import api
from mlspec.targets.airflow import TARGET
from mlspec.targets.airflow.native import OF_RUNNER, DagArguments, OperatorArguments
from tests.engines.airflow import Airflow

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: native}\nstore: file:///srv/store\n"
SAMPLES: dict[str, Any] = {
    **dict.fromkeys(("max_active_runs", "max_active_tasks", "max_consecutive_failed_dag_runs", "pool_slots", "shm_size"), 3),
    **dict.fromkeys(("max_active_tis_per_dag", "priority_weight", "termination_grace_period"), 3),
    **dict.fromkeys(("dagrun_timeout", "execution_timeout"), "90s"),
    **{name: ["a@b.c"] for name in ("email", "cap_add", "dns")},
    **{name: {"a": "it's"} for name in ("owner_links", "extra_hosts", "security_context", "container_security_context")},
    "access_control": {},
    "owner_links": {"it's": "https://a.example"},
    "executor_config": {"a": [1, None, {"b": True}]},
    "weight_rule": "absolute",
    "on_finish_action": "keep_pod",
}


def sample(kind: type, names: set[str]) -> dict[str, Any]:
    found = {}
    for field in fields(kind):
        if field.name in names and field.name != "executor":  # there must be one of that name
            boolean = "bool" in str(field.type).partition(",")[0]
            found[field.name] = SAMPLES.get(field.name, True if boolean else 'it\'s "x"')
    return found


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def emitted(folder: Path, runner: str, dag: dict[str, Any], operator: dict[str, Any]) -> list[Any]:
    folder.mkdir(parents=True)
    options = json.dumps({"airflow": {"runner": runner, "dag": dag, **({} if runner == "bash" else {"image": "a:1"})}})
    steps = f"steps:\n  s:\n    run: 'true'\n    x-airflow: {json.dumps({'operator': operator})}\n"
    more = "  each: {foreach: [1, 2], run: 'true', x-airflow: {operator: {priority_weight: 7}}}\n"
    (folder / "mlspec.yaml").write_text(f"{HEAD}targets: {options}\n{steps}{more}")
    files, findings = api.emit(api.plan(api.load(folder / "mlspec.yaml")), TARGET)
    assert files is not None, findings
    return files


def holds(engine: Airflow, folder: Path) -> None:
    found = engine.signatures()
    assert names(DagArguments) <= set(found["dag"])
    special = frozenset[str]().union(*OF_RUNNER.values())
    assert names(OperatorArguments) - special <= set(found["base"])
    for runner, own in OF_RUNNER.items():
        assert own <= set(found[runner])
    for runner in ("bash", "docker", "kubernetes"):
        wanted = names(OperatorArguments) - special | OF_RUNNER.get(runner, frozenset())
        files = emitted(folder / runner, runner, sample(DagArguments, names(DagArguments)), sample(OperatorArguments, wanted))
        answer = engine.load(folder / runner, files)
        assert answer["errors"] == []


@pytest.mark.airflow
@pytest.mark.slow
def test_they_are_those_of_airflow_3(airflow: Airflow, tmp_path: Path) -> None:
    holds(airflow, tmp_path)


@pytest.mark.airflow2
@pytest.mark.slow
def test_they_are_those_of_airflow_2(airflow_2: Airflow, tmp_path: Path) -> None:
    holds(airflow_2, tmp_path)


def test_they_are_marked_in_the_file(tmp_path: Path) -> None:
    [file] = emitted(tmp_path / "p", "bash", {"max_active_runs": 1}, {"priority_weight": 5, "execution_timeout": "1h30m"})
    assert "    # As `targets.airflow.dag` says.\n    max_active_runs=1,\n" in file.content
    marked = "        # As `s.x-airflow.operator` says.\n        execution_timeout=timedelta(seconds=5400),\n        priority_weight=5,\n"
    assert marked in file.content
    assert "\nfrom datetime import timedelta\n" in file.content
    compile(file.content, "dag.py", "exec")


@pytest.mark.parametrize(
    ("airflow", "operator", "said"),
    [
        ("dag: {max_actve_runs: 1}", "{}", "did you mean `max_active_runs`?"),
        ("dag: {max_active_runs: many}", "{}", "max_active_runs"),
        ("dag: {schedule: x}", "{}", "schedule"),
        ("dag: {}", "{task_id: x}", "task_id"),
        ("dag: {}", "{priority_wieght: 1}", "did you mean `priority_weight`?"),
    ],
)
def test_a_typo_is_an_error_of_the_spec(tmp_path: Path, airflow: str, operator: str, said: str) -> None:
    text = f"{HEAD}targets: {{airflow: {{{airflow}}}}}\nsteps: {{s: {{run: 'true', x-airflow: {{operator: {operator}}}}}}}\n"
    (tmp_path / "mlspec.yaml").write_text(text)
    findings = api.check(str(tmp_path / "mlspec.yaml")).findings
    assert any(said in f"{one.message} {one.hint} {one.path}" for one in findings if one.severity == "error")


def test_what_the_spec_says_already_is_refused(tmp_path: Path) -> None:
    text = "triggers: {schedule: {cron: '0 5 * * *'}, overlap: queue}\nsteps: {s: {run: 'true'}}\n"
    (tmp_path / "mlspec.yaml").write_text(f"{HEAD}targets: {{airflow: {{dag: {{max_active_runs: 3}}}}}}\n{text}")
    files, findings = api.emit(api.plan(api.load(tmp_path / "mlspec.yaml")), TARGET)
    assert (files, [one.code for one in findings]) == (None, ["MLS541"])


def test_what_another_runner_heeds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="MLS541"):
        emitted(tmp_path / "p", "bash", {}, {"privileged": True})
