"""Generated DAG files, run to their end by the real Airflow with real step processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlspec.expr.values import as_text
from mlspec.ir.bodies import Gate
from mlspec.ir.declarations import Parameter, Secret
from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from tests.engines import EngineRun
from tests.engines.airflow import Airflow
from tests.targets.airflow.plans import AWKWARD, DIAMOND, FAILING
from tests.targets.built import SPAN, plan, step

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


class Ran:
    """A run: what Airflow says, what the step records say, what steps left in the project."""

    def __init__(self, project: Path, made: Plan, run: EngineRun, tasks: Mapping[str, str]) -> None:
        self.status = run.status
        self.tasks = tasks
        self.project = project
        [self.store] = (project / made.store / made.lifecycle).glob("manual*")

    def record(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.store / name / "_record.json").read_text()))

    def states(self) -> dict[str, str]:
        return {path.parent.name: self.record(path.parent.name)["status"] for path in self.store.glob("*/_record.json")}

    def read(self, output: str) -> str:
        return (self.store / output).read_text()

    def left(self, file: str) -> str:
        return (self.project / file).read_text()


def run(airflow: Airflow, project: Path, made: Plan, environment: Mapping[str, str] | None = None, **params: object) -> Ran:
    assert TARGET.check(made) == []
    ended = airflow.run(project, made, TARGET.emit(made), params, environment)
    return Ran(project, made, ended, airflow.tasks)


def test_a_diamond_with_a_retry_a_gate_that_skips_and_a_false_condition(airflow: Airflow, tmp_path: Path) -> None:
    ran = run(airflow, tmp_path, DIAMOND)
    assert ran.status == "succeeded"
    assert ran.states() == {
        "ingest": "succeeded",
        "left": "succeeded",
        "right": "succeeded",
        "join": "succeeded",
        "quality": "skipped",
        "notify": "skipped",
        "cleanup": "succeeded",
    }
    assert ran.record("right")["attempts"] == 2
    assert ran.read("ingest/table") == AWKWARD
    assert ran.read("join/out") == AWKWARD + "3"
    assert not (tmp_path / "deployed").exists()
    assert (ran.tasks["deploy"], ran.tasks["after_deploy"]) == ("skipped", "skipped")
    assert ran.left("status") == "succeeded"
    assert not (tmp_path / "scratch").exists()


def test_parameters_can_be_given_for_a_run(airflow: Airflow, tmp_path: Path) -> None:
    ran = run(airflow, tmp_path, DIAMOND, n=5, who=AWKWARD)
    assert ran.read("join/out") == AWKWARD + "5"
    assert ran.read("notify/note") == AWKWARD


def test_airflow_itself_refuses_a_parameter_out_of_range(airflow: Airflow, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="less than the minimum"):
        run(airflow, tmp_path, DIAMOND, n=0)


@pytest.mark.parametrize("pattern", ["[a-z]+", "(?i)[A-Z]+", "[0-9]+|[a-z]+"])
def test_a_pattern_holds_for_the_whole_string(airflow: Airflow, tmp_path: Path, pattern: str) -> None:
    made = plan("pattern", step("s", "true"), params=(Parameter("code", "string", "abc", pattern=pattern),))
    assert run(airflow, tmp_path, made, code="xyz").status == "succeeded"
    with pytest.raises(RuntimeError, match="does not match"):
        run(airflow, tmp_path, made, code="x-1")


def test_every_type_of_parameter_arrives(airflow: Airflow, tmp_path: Path) -> None:
    parameters = (
        Parameter("i", "integer", -3),
        Parameter("f", "number", 0.1),
        Parameter("b", "boolean", False),
        Parameter("t", "string", AWKWARD),
        Parameter("items", "list", ["é", None]),
        Parameter("o", "object", {"z": 1, "a": {"k": "<&'>"}}),
    )
    made = plan(
        "types",
        step(
            "s",
            "".join(f"printf '%s\\n' \"$MLSPEC_WITH_{parameter.name.upper()}\" >> seen\n" for parameter in parameters),
            with_=tuple((parameter.name, f"${{{{ params.{parameter.name} }}}}") for parameter in parameters),
            params=tuple(sorted(parameter.name for parameter in parameters)),
        ),
        params=parameters,
    )
    assert run(airflow, tmp_path, made).status == "succeeded"
    # The keys of an object come sorted, on every engine: Kubeflow hands them over in any order.
    wanted = [as_text(parameter.default) for parameter in parameters[:-1]] + ['{"a":{"k":"<&\'>"},"z":1}']
    assert (tmp_path / "seen").read_text().splitlines() == wanted


def test_a_failure_blocks_what_follows_and_fails_the_run(airflow: Airflow, tmp_path: Path) -> None:
    ran = run(airflow, tmp_path, FAILING)
    assert ran.status == "failed"
    states = ran.states()
    assert (states["a"], states["b"], states["cleanup"], states["broken"]) == (
        "succeeded",
        "failed",
        "succeeded",
        "failed",
    )
    assert "c" not in states
    assert ran.tasks["c"] == "upstream_failed"
    assert ran.left("status") == "failed"
    assert ran.record("b")["exit_code"] == 7


def test_finally_steps_are_ordered_and_a_failed_one_blocks(airflow: Airflow, tmp_path: Path) -> None:
    ran = run(airflow, tmp_path, FAILING)
    assert (tmp_path / "after_cleanup").exists()
    assert not (tmp_path / "after_broken").exists()
    # All that has ended in a failed run has failed for Airflow, so that it runs again with what is cleared.
    assert {ran.tasks[name] for name in ("cleanup", "after_cleanup", "broken", "after_broken")} == {"failed"}
    assert ran.states()["after_cleanup"] == "succeeded"
    assert "after_broken" not in ran.states()


def test_a_failing_finally_step_fails_the_run(airflow: Airflow, tmp_path: Path) -> None:
    made = plan("broken", step("s", "true"), finals=(step("clean", "exit 1"), step("other", "touch other")))
    ran = run(airflow, tmp_path, made)
    assert (ran.status, ran.states()) == ("failed", {"s": "succeeded", "clean": "failed", "other": "succeeded"})


def _branches(on_failure: Any) -> Plan:
    return plan(
        "branches",
        step("fails", "exit 1"),
        step("first", "true"),
        # Starts when `fails` is over: the DAG's levels run one after the other.
        step("second", "touch second", "first"),
        step("third", "touch third", "second"),
        finals=(step("cleanup", "printf '%s' ${{ run.status }} > status; ls > seen"),),
        on_failure=on_failure,
    )


def test_after_a_failure_no_step_starts(airflow: Airflow, tmp_path: Path) -> None:
    ran = run(airflow, tmp_path, _branches("stop"))
    assert (ran.status, ran.left("status")) == ("failed", "failed")
    states = ran.states()
    states.pop("first", None)  # independent of `fails`: it may have run before or beside it
    assert states == {"fails": "failed", "cleanup": "succeeded"}
    assert not (tmp_path / "second").exists()


def test_with_continue_independent_branches_go_on(airflow: Airflow, tmp_path: Path) -> None:
    ran = run(airflow, tmp_path, _branches("continue"))
    assert (ran.status, ran.left("status")) == ("failed", "failed")
    assert "third" in ran.left("seen").split()


def test_a_failure_above_a_skipped_leaf_fails_the_run(airflow: Airflow, tmp_path: Path) -> None:
    """Airflow skips `join` as soon as `gate` has skipped, and would then call the run a success."""
    made = plan(
        "hidden",
        step("slow", "true"),
        step("fails", "exit 1", "slow"),
        replace(step("gate", ""), body=Gate(("1 > 2",), "skip")),
        step("join", "touch join", "fails gate"),
        on_failure="continue",
    )
    ran = run(airflow, tmp_path, made)
    assert ran.tasks["join"] == "skipped"
    assert ran.status == "failed"


def test_finally_waits_for_steps_above_a_leaf_that_ended_early(airflow: Airflow, tmp_path: Path) -> None:
    """`join` ends as soon as `gate` has skipped, long before `last`."""
    made = plan(
        "waits",
        replace(step("gate", ""), body=Gate(("1 > 2",), "skip")),
        step("one", "true"),
        step("two", "true", "one"),
        step("last", "touch last", "two"),
        step("join", "true", "gate last"),
        finals=(step("cleanup", "ls > seen"),),
    )
    ran = run(airflow, tmp_path, made)
    assert ran.status == "succeeded"
    assert "last" in ran.left("seen").split()


def test_a_gate_that_stops_fails_the_run(airflow: Airflow, tmp_path: Path) -> None:
    made = plan(
        "stopped",
        replace(step("gate", ""), body=Gate(("1 > 2",), "stop")),
        step("deploy", "touch deployed", "gate"),
        finals=(step("cleanup", "printf '%s' ${{ run.status }} > status"),),
    )
    ran = run(airflow, tmp_path, made)
    assert (ran.status, ran.left("status")) == ("failed", "failed")
    assert ran.states() == {"gate": "failed", "cleanup": "succeeded"}
    assert ran.tasks["deploy"] == "upstream_failed"


def test_only_skipped_leaves_are_a_success(airflow: Airflow, tmp_path: Path) -> None:
    made = plan("skips", step("s", "true"), step("t", "touch t", "s", when="1 > 2"))
    ran = run(airflow, tmp_path, made)
    assert (ran.status, ran.states()) == ("succeeded", {"s": "succeeded", "t": "skipped"})


def test_secrets_come_from_connections_and_variables(airflow: Airflow, tmp_path: Path) -> None:
    made = plan(
        "secret",
        step("s", 'test "$TOKEN" = "p w{{ 1 }}\'"; test "$SLACK" = x%y; touch seen', secrets=("token", "slack")),
        step("other", 'test -z "${TOKEN-}"', "s"),
        secrets={
            "token": Secret("token", "TOKEN", {"airflow": {"connection": "ml-flow"}}),
            "slack": Secret("slack", "SLACK", {"airflow": {"variable": "slack.url"}}),
        },
    )
    environment = {
        "AIRFLOW_CONN_ML-FLOW": json.dumps({"conn_type": "http", "password": "p w{{ 1 }}'"}),
        "AIRFLOW_VAR_SLACK.URL": "x%y",
    }
    ran = run(airflow, tmp_path, made, environment)
    assert ran.status == "succeeded"
    assert ran.states() == {"s": "succeeded", "other": "succeeded"}


@pytest.mark.parametrize("reference", [("connection", "empty"), ("connection", "none"), ("variable", "none")])
def test_a_secret_that_airflow_lacks_fails_the_step_before_it_starts(
    airflow: Airflow, tmp_path: Path, reference: tuple[str, str]
) -> None:
    made = plan(
        "unset",
        step("s", "touch seen", secrets=("token",)),
        secrets={"token": Secret("token", "TOKEN", {"airflow": dict([reference])})},
    )
    without = {"AIRFLOW_CONN_EMPTY": json.dumps({"conn_type": "http"})}
    ran = run(airflow, tmp_path, made, without)
    assert (ran.status, ran.states()) == ("failed", {"s": "failed"})
    assert "TOKEN" in ran.record("s")["error"]
    assert not (tmp_path / "seen").exists()


def test_the_file_finds_its_project_by_itself_or_where_it_is_told(airflow: Airflow, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    made = plan("where", step("s", "touch seen"))
    run(airflow, here, made)
    assert (here / "seen").exists()
    airflow.run(here, made, TARGET.emit(made), {}, {"MLSPEC_PROJECT": str(there)})
    assert (there / "seen").exists()
    assert SPAN.file not in {path.name for path in there.iterdir()}
    (here / "seen").unlink()
    airflow.run(here, made, TARGET.emit(made), {}, {"MLSPEC_PROJECT": str(there), "MLSPEC_PROJECT_WHERE": str(here)})
    assert (here / "seen").exists(), "its own variable comes before that of all"
