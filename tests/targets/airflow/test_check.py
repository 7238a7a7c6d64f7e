from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import mlspec.diagnostics
from mlspec.diagnostics import has_errors
from mlspec.plan.features import Feature
from mlspec.plan.model import Approval, Environment, Parameter, Plan, Resources, Secret
from mlspec.targets.airflow import TARGET
from mlspec.targets.base import refusals
from tests.targets.airflow.plans import CREDIT, DIAMOND, plan, step

PLAIN = plan("plain", step("s", "true"))
NESTED: list[object] = []
for _ in range(60):
    NESTED = [NESTED]

BAD: dict[str, tuple[str, Plan, bool]] = {
    "runner": ("MLS531", replace(PLAIN, target_options={"airflow": {"runner": "docker"}}), True),
    "resources": ("MLS532", plan("plain", step("s", "true", resources=Resources(memory="4Gi"))), False),
    "image": (
        "MLS533",
        plan("plain", step("s", "true", environment="ml"), environments={"ml": Environment("ml", image="a:1")}),
        False,
    ),
    "tag": ("MLS534", replace(PLAIN, labels=(("purpose", "x" * 100),)), True),
    "nesting": ("MLS535", replace(PLAIN, params=(Parameter("tree", "list", NESTED),)), True),
    "secret": ("MLS536", plan("plain", step("s", "true", secrets=("t",)), secrets={"t": Secret("t", "T")}), False),
}


@pytest.mark.parametrize("case", BAD)
def test_each_finding_has_its_code_its_severity_and_a_way_out(case: str) -> None:
    code, made, error = BAD[case]
    [finding] = TARGET.check(made)
    assert finding.code == code
    assert has_errors([finding]) is error
    assert finding.path
    assert (Path(mlspec.diagnostics.__file__).parent / "catalogue" / f"{code}.md").is_file()


def test_a_warning_does_not_keep_the_file_from_being_made() -> None:
    for _, made, error in BAD.values():
        assert error or TARGET.emit(made)


def test_plans_that_are_well_give_nothing() -> None:
    assert TARGET.check(DIAMOND) == []
    assert [finding.code for finding in TARGET.check(CREDIT)] == ["MLS536"]
    assert refusals(CREDIT, TARGET) == []


def test_the_table_answers_for_every_feature() -> None:
    assert set(TARGET.capabilities) == set(Feature)


def test_an_approval_is_refused_with_a_hint() -> None:
    [finding] = refusals(plan("p", replace(step("s", ""), body=Approval("Go?"))), TARGET)
    assert (finding.code, finding.path) == ("MLS501", "steps.s")
    assert finding.hint
