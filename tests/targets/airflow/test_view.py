"""What the DAG file shows: each thing once, and nothing that is not used."""

from __future__ import annotations

import ast
import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from mlspec.ir.bodies import Gate
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan
from mlspec.resources import folder
from mlspec.targets.airflow import TARGET
from mlspec.targets.airflow.dag import dag_view
from mlspec.targets.airflow.functions import FUNCTIONS, QUOTED
from tests.targets import emission
from tests.targets.airflow.specs import PLANS, planned
from tests.targets.built import plan, step

ROOT = Path(__file__).resolve().parents[3]


def text(plan: Plan) -> str:
    return emission.text(TARGET, plan)


def options_of(made: Plan, name: str) -> list[str]:
    """The options of a step that a helper function makes, as source text."""
    calls = [node for node in ast.walk(ast.parse(text(made))) if isinstance(node, ast.Call) and node.args]
    [call] = [call for call in calls if ast.unparse(call.args[0]) == repr(name)]
    return [ast.unparse(argument).replace("'", '"') for argument in call.args[1:]]


def in_environments(tracking: str | None, pythonpath: tuple[str, ...] = ()) -> Plan:
    """A step in an environment, and a gate in it, too."""
    return plan(
        "a",
        step("train", "true", environment="ml"),
        replace(step("quality", ""), body=Gate(("1 > 0",), "stop"), environment="ml"),
        environments={"ml": Environment("ml", pythonpath=pythonpath)},
        tracking_uri=tracking,
    )


def test_each_helper_function_has_a_file_of_its_own() -> None:
    files = {path.name for path in (folder("templates") / "airflow/functions").iterdir()}
    assert files == {f"{name}.py.j2" for name in (QUOTED, *FUNCTIONS)}
    for name in (QUOTED, *FUNCTIONS):
        source = (folder("templates") / f"airflow/functions/{name}.py.j2").read_text(encoding="utf-8")
        assert re.findall(r"^(?:def|class) (\w+)", source, flags=re.MULTILINE) == [name]


@pytest.mark.parametrize("name", PLANS)
def test_a_file_defines_what_it_uses_and_nothing_else(name: str) -> None:
    tree = ast.parse(text(PLANS[name]))
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert defined == [QUOTED, *dag_view(PLANS[name]).functions]
    assert set(defined) <= used


def test_pods_of_a_list_alone_need_no_function_for_other_steps() -> None:
    made = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: lists}
store: s3://acme/store
targets: {airflow: {runner: kubernetes, image: "ghcr.io/acme/steps:1"}}
steps:
  each: {foreach: [a, b], run: "echo ${{ item }}"}
""")
    assert dag_view(made).functions == ("Ended", "step", "items_process", "for_each")


def test_the_view_cannot_be_changed() -> None:
    view = dag_view(plan("a", step("train", "true")))
    with pytest.raises(FrozenInstanceError):
        view.fail_fast = True  # type: ignore[misc]
    assert hash(view) == hash(dag_view(plan("a", step("train", "true"))))


def test_where_steps_log_is_said_once() -> None:
    logs = '"--tracking http://mlflow"'
    made = in_environments("http://mlflow", ("src",))
    assert dag_view(made).environments == (('"ml"', ('"--environment ml"', '"--pythonpath src"')),)
    assert dag_view(made).common[-1] == logs
    assert options_of(made, "train") == ['*ENVIRONMENT["ml"]', '"--shell true"']
    assert options_of(made, "quality")[0] == '*ENVIRONMENT["ml"]'
    alone = plan("a", step("train", "true"), tracking_uri="http://mlflow")
    assert dag_view(alone).common[-1] == logs
    assert options_of(alone, "train") == ['"--shell true"']
    assert not any("--tracking" in line for line in dag_view(in_environments(None, ("src",))).common)


def test_the_name_of_an_environment_alone_stands_where_it_is_used() -> None:
    made = in_environments(None)
    assert dag_view(made).environments == ()
    assert options_of(made, "train") == ['"--environment ml"', '"--shell true"']


def test_no_comment_repeats_what_stands_below_it() -> None:
    for made in PLANS.values():
        names = "|".join(step.name for step in made.all_steps())
        assert not re.search(rf"^ *# (?:{names})\b", text(made), flags=re.MULTILINE)


def test_the_example_stays_short() -> None:
    example = ROOT / "examples/employment/pipelines/airflow/employment.py"
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 235


@pytest.mark.parametrize(
    ("written", "shown"), [("3d", "days=3"), ("1h30m", "hours=1, minutes=30"), ("1m30.5s", "minutes=1, seconds=30.5")]
)
def test_the_time_for_an_answer_has_the_units_of_the_spec(written: str, shown: str) -> None:
    made = planned(f"""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: asks}}
targets: {{airflow: {{version: 3}}}}
steps:
  sign_off: {{approval: {{message: "Go on?", timeout: {written}}}}}
""")
    assert f"response_timeout=timedelta({shown})," in text(made)
