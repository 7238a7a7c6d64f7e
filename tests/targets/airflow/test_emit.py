from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from mlspec.ir.bodies import Gate, Instance, Shell
from mlspec.ir.declarations import Environment, Parameter
from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from mlspec.targets.airflow.dag import dag_view
from tests.targets import emission
from tests.targets.airflow.plans import CLASHES, CREDIT, DIAMOND, FAILING
from tests.targets.airflow.specs import PLANS
from tests.targets.built import plan, step
from tests.targets.emission import changed, files_named

THREE = replace(CREDIT, target_options={"airflow": {"version": 3}})


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(files_named("txt"))


def text(plan: Plan) -> str:
    return emission.text(TARGET, plan)


@pytest.mark.parametrize("name", PLANS)
def test_the_file_reads_as_reviewed(name: str, snapshot: SnapshotAssertion) -> None:
    assert text(PLANS[name]) == snapshot


def test_the_file_is_named_after_the_lifecycle() -> None:
    assert [file.path for file in TARGET.emit(CREDIT)] == ["credit_default.py"]


def test_the_file_imports_nothing_of_mlspec() -> None:
    for made in (CREDIT, CLASHES, DIAMOND, FAILING):
        tree = ast.parse(text(made))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        library = {"os", "pathlib", "shlex", "typing"}
        assert {name.split(".")[0] for name in imported} == {"airflow", "pendulum", *library}


def test_a_new_default_changes_one_line() -> None:
    parameter = replace(CREDIT.params[0], default=8)
    lines = changed(TARGET, CREDIT, replace(CREDIT, params=(parameter, *CREDIT.params[1:]))).added
    assert lines == ['        "seed": Param(8, type="integer"),']


def test_a_renamed_leaf_changes_its_own_block_only() -> None:
    old = plan("a", step("ingest", "true"), step("train", "true", "ingest"), step("report", "true", "train"))
    new = plan("a", *old.steps[:2], step("render", "true", "train"))
    lines = changed(TARGET, old, new).added
    assert len(lines) <= 8
    assert all("render" in line for line in lines)


def test_a_new_step_touches_no_other_block() -> None:
    more = replace(CREDIT, steps=(*CREDIT.steps, step("extra", "true", "quality")))
    change = changed(TARGET, CREDIT, more)
    assert change.added
    assert not change.removed


def test_version_3_needs_no_compat_provider() -> None:
    assert "from airflow.sdk import DAG, Param, literal\n" in text(THREE)
    assert "compat" not in text(THREE)


def test_a_plan_without_parameters_imports_no_param() -> None:
    assert "Param" not in text(FAILING)


@pytest.mark.parametrize("on_failure", ["stop", "continue"])
def test_steps_look_for_failed_ones_where_failures_stop_the_run(on_failure: Any) -> None:
    made = text(replace(FAILING, on_failure=on_failure))
    tree = ast.parse(made)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    calls = {name: [node for node in found if node.func.id == name] for name in ("step", "final")}  # type: ignore[attr-defined]
    started = {name: {ast.literal_eval(node.args[0]) for node in calls[name]} for name in calls}
    assert started == {
        "step": {*(each.name for each in FAILING.steps), "all-ended-well"},
        "final": {each.name for each in FAILING.finals},
    }
    if on_failure == "stop":
        assert made.count("--fail-fast") == 1
        assert 'command = always_process(f"--step {name}", "--final", "--fail-with-run", *options)' in made
    else:
        assert 'command = step_process(f"--step {name}", "--final", "--fail-with-run", *options)' in made
        assert "--fail-fast" not in made


def test_what_the_graph_does_not_say_of_a_step_is_noted_for_the_end() -> None:
    rows = [replace(step("m", "true"), id=f"m[a={a}]", instance=Instance(a, (("a", a),))) for a in range(3)]
    made = plan("a", step("a", "true"), *rows, step("b", "true", "a", run_if="always"), on_failure="continue")
    assert dag_view(made).notes == ('"m*3"', '"b!"')
    assert dag_view(plan("a", step("a", "true"))).notes == ()


def test_a_description_that_ends_like_a_file_name_stays_text() -> None:
    assert 'doc_md="See README.md\\n",' in text(plan("a", step("s", "true"), description="See README.md"))


def test_the_name_of_the_spec_cannot_leave_its_comments() -> None:
    odd = replace(plan("a", step("train", "true")), spec_file="spec\n    raise SystemExit")
    assert "SystemExit" not in ast.dump(ast.parse(text(odd)))


def test_long_chains_take_time_in_proportion() -> None:
    steps = [step("s0", "true"), *(step(f"s{n}", "true", f"s{n - 1}") for n in range(1, 10_000))]
    assert text(plan("chain", *steps)).count(" = step(\n") == 10_000


def test_scripts_stand_as_they_were_written() -> None:
    script = "python -m train \\\n  --data ${{ inputs.x }}\n"
    made = text(plan("a", replace(step("s", ""), body=Shell(script))))
    assert f'r"""--shell {script}""",\n' in made


def test_a_parameter_named_like_a_method_of_a_mapping_is_read_as_a_key() -> None:
    made = plan("a", step("s", "true"), params=(Parameter("items", "string", ""),))
    assert "{{ params['items'] }}" in text(made)


def test_a_gate_that_names_an_environment_runs_in_its_image() -> None:
    gates = [
        replace(step(name, "", "work"), body=Gate(("1 < 2",), "stop"), image_environment=environment)
        for name, environment in (("named", "small"), ("other", None))
    ]
    made = plan(
        "gated",
        step("work", "true", environment="ml"),
        *gates,
        environments={name: Environment(name, image=f"acme/{name}:1") for name in ("ml", "small")},
        target_options={"airflow": {"runner": "docker"}},
    )
    assert TARGET.check(made) == []
    assert re.findall(r'image=IMAGE\["(.+)"\]', text(made)) == ["ml", "small", "*", "ml"]
    assert ast.literal_eval(re.findall(r"^IMAGE = (\{.*?^\})", text(made), re.MULTILINE | re.DOTALL)[0]) == {
        "*": "acme/ml:1",
        "ml": "acme/ml:1",
        "small": "acme/small:1",
    }
