from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from mlspec.checking.catalogue import catalogue
from mlspec.diagnostics import has_errors
from mlspec.ir.bodies import Approval
from mlspec.ir.declarations import Environment, Parameter, Resources, Secret
from mlspec.ir.features import Feature
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.ir.triggers import Catchup, Schedule
from mlspec.targets.airflow import TARGET
from mlspec.targets.base import refusals
from tests.targets.airflow.plans import CREDIT, DIAMOND
from tests.targets.airflow.specs import planned
from tests.targets.built import plan, step

PLAIN = plan("plain", step("s", "true"))
NESTED: list[object] = []
for _ in range(60):
    NESTED = [NESTED]

IMAGES = {"a": Environment("a", image="a:1"), "b": Environment("b")}
ASK = replace(step("ask", ""), body=Approval("Go?"))
THREE = {"airflow": {"version": 3}}


def contained(runner: str, *steps: Step, image: str | None = None, **fields: object) -> Plan:
    options = {"runner": runner} | ({"image": image} if image else {})
    return plan("plain", *steps, target_options={"airflow": options}, **fields)


BAD: dict[str, tuple[str, Plan, bool]] = {
    "resources": ("MLS532", plan("plain", step("s", "true", resources=Resources(memory="4Gi"))), False),
    "image": (
        "MLS533",
        plan("plain", step("s", "true", environment="ml"), environments={"ml": Environment("ml", image="a:1")}),
        False,
    ),
    "tag": ("MLS534", replace(PLAIN, labels=(("purpose", "x" * 100),)), True),
    "nesting": ("MLS535", replace(PLAIN, params=(Parameter("tree", "list", NESTED),)), True),
    "no-image": ("MLS537", contained("docker", step("s", "true")), True),
    "no-image-in-environment": (
        "MLS537",
        contained("docker", step("s", "true", environment="a"), step("t", "true", environment="b"), environments=IMAGES),
        True,
    ),
    "lost-store": ("MLS538", contained("kubernetes", step("s", "true"), image="a:1"), True),
    "store-of-several-workers": (
        "MLS538",
        plan("plain", step("s", "true"), step("t", "true", extensions={"airflow": {"queue": "gpu"}})),
        False,
    ),
    "store-of-celery": ("MLS538", replace(PLAIN, target_options={"airflow": {"executor": "CeleryExecutor"}}), False),
    "store-of-celery-and-docker": (
        "MLS538",
        plan(
            "plain",
            step("s", "true"),
            target_options={"airflow": {"runner": "docker", "image": "a:1", "executor": "providers.celery.CeleryExecutor"}},
        ),
        False,
    ),
    "store-mounted-in-each-pod": (
        "MLS538",
        replace(contained("kubernetes", step("s", "true"), image="a:1"), store="file:///srv/store"),
        False,
    ),
    "approval": ("MLS539", plan("plain", ASK), True),
    "approval-on-2": ("MLS539", plan("plain", ASK, target_options={"airflow": {"version": 2}}), True),
    "final-approval": ("MLS540", plan("plain", step("s", "true"), finals=(ASK,), target_options=THREE), True),
    "final-over-a-parameter": (
        "MLS547",
        replace(
            plan("plain", step("s", "true"), finals=(step("t", "true", foreach=ForEach(None, (), param="regions")),)),
            params=(Parameter("regions", "list", ["eu"]),),
        ),
        True,
    ),
    "catchup-from-2020": ("MLS549", replace(PLAIN, schedule=Schedule("0 5 * * *"), catchup=Catchup()), False),
    "idle-namespace": ("MLS541", replace(PLAIN, target_options={"airflow": {"namespace": "ml"}}), True),
    "idle-network": ("MLS541", replace(PLAIN, target_options={"airflow": {"network": "host"}}), True),
    "idle-image": ("MLS541", replace(PLAIN, target_options={"airflow": {"image": "a:1"}}), True),
    "idle-selector": ("MLS541", plan("plain", step("s", "true", extensions={"airflow": {"node_selector": {"a": "b"}}})), True),
    "idle-pods": ("MLS541", replace(PLAIN, target_options={"airflow": {"pods": {"labels": {"a": "b"}}}}), True),
    "idle-gpu-resource": (
        "MLS541",
        contained("docker", step("s", "true", resources=Resources(gpu=1, gpu_resource="amd.com/gpu")), image="a:1"),
        True,
    ),
    "deep-template": (
        "MLS535",
        contained(
            "kubernetes",
            step("s", "true", extensions={"airflow": {"pod_template": {"a": NESTED}}}),
            image="a:1",
            store="s3://a/b",
        ),
        True,
    ),
    "short-deadline": (
        "MLS518",
        contained(
            "kubernetes",
            step("s", "true", timeout=60.0, extensions={"airflow": {"deadline": 60.0}}),
            image="a:1",
            store="s3://a/b",
        ),
        False,
    ),
    "secret-in-container": (
        "MLS536",
        contained(
            "docker",
            step("s", "true", secrets=("t",)),
            image="a:1",
            secrets={"t": Secret("t", "T", {"kubernetes": {"secret": "a", "key": "b"}})},
        ),
        True,
    ),
    "secret": ("MLS536", plan("plain", step("s", "true", secrets=("t",)), secrets={"t": Secret("t", "T")}), False),
}


@pytest.mark.parametrize("case", BAD)
def test_each_finding_has_its_code_its_severity_and_a_way_out(case: str) -> None:
    code, made, error = BAD[case]
    [finding] = TARGET.check(made)
    assert finding.code == code
    assert has_errors([finding]) is error
    assert finding.path
    assert catalogue().page(code)


def test_a_warning_does_not_keep_the_file_from_being_made() -> None:
    for _, made, error in BAD.values():
        assert error or TARGET.emit(made)


def test_plans_that_are_well_give_nothing() -> None:
    assert TARGET.check(DIAMOND) == []
    assert [finding.code for finding in TARGET.check(CREDIT)] == ["MLS538", "MLS536"]
    assert refusals(CREDIT, TARGET) == []


@pytest.mark.parametrize(("count", "codes"), [(1280, []), (1290, ["MLS542"])])
def test_the_list_of_steps_must_fit_a_variable(count: int, codes: list[str]) -> None:
    """A line of 51 bytes for each step, and 51 more in that of the last."""
    names = [f"{'s' * 45}{number:05}" for number in range(count)]
    made = plan("many", *(step(name, "true") for name in names), step("join", "true", " ".join(names)))
    assert [finding.code for finding in TARGET.check(made)] == codes
    if codes:  # as real processes see it
        value = "\n".join([*names, " ".join(["join", *names])])
        with pytest.raises(OSError, match="Argument list too long"):
            subprocess.run(["true"], env={"MLSPEC_STEPS": value}, check=True)


def test_the_table_answers_for_every_feature() -> None:
    assert set(TARGET.capabilities) == set(Feature)


def test_an_approval_is_well_where_airflow_has_it() -> None:
    made = plan("p", ASK, target_options=THREE)
    assert (TARGET.check(made), refusals(made, TARGET)) == ([], [])


@pytest.mark.parametrize(("options", "codes"), [("{}", ["MLS533"]), ("{version: 3}", ["MLS533"]), ("{runner: bash}", [])])
def test_who_writes_where_steps_run_is_not_told(options: str, codes: list[str]) -> None:
    head = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"
    spec = "environments: {ml: {image: 'ml:1'}}\ndefaults: {environment: ml}\nsteps: {s: {run: 'true'}}\n"
    made = planned(f"{head}{spec}targets: {{airflow: {options}}}\n")
    assert [finding.code for finding in TARGET.check(made)] == codes


@pytest.mark.parametrize(
    ("read", "more", "refused"),
    [
        ('{any: ["m[k=2].m", "m[k=1].m"]}', "on_failure: continue\n", True),
        ('{any: ["m[k=2].m", "m[k=1].m", "m[k=3].m"]}', "on_failure: continue\n", False),
        ('{any: ["m[k=2].m", "m[k=1].m"]}', "", False),
        ("'m[k=2].m'", "on_failure: continue\n", True),
    ],
)
def test_some_instances_of_a_matrix_are_not_all_of_it(read: str, more: str, refused: bool) -> None:
    made = planned(
        f"apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {{name: some}}\n{more}steps:\n"
        "  m: {matrix: {k: [1, 2, 3]}, run: 'echo > ${{ outputs.m }}', outputs: {m: metrics}}\n"
        f"  it: {{matrix: {{l: [1, 2]}}, inputs: {{i: {read}}}, run: 'cat ${{{{ inputs.i }}}}'}}\n"
    )
    assert [finding.code for finding in TARGET.check(made)].count("MLS548") == refused
