"""What the target says about a plan before it compiles it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlspec import api
from mlspec.diagnostics import Diagnostic
from mlspec.ir.bodies import Retry
from mlspec.ir.features import Feature
from mlspec.ir.model import Parameter, Plan, Secret
from mlspec.targets.kubeflow import TARGET
from tests.targets.built import plan, step
from tests.targets.kubeflow.plans import FULL, chain

REMOTE = {"store": "s3://acme/store", "target_options": {"kubeflow": {"image": "acme/base:1"}}}
PRODUCTION = "{a: {params: {}}, prod: {store: 's3://acme/store'}}"
DEADLINE = {"kubeflow": {"deadline": 193}}
SECRET = {"token": Secret("token", "TOKEN")}

WRONG: dict[str, tuple[str, Plan]] = {
    "no image": ("MLS510 warning", plan("p", step("a"), store="s3://x/y")),
    "local store": ("MLS511 warning", plan("p", step("a"), **{**REMOTE, "store": ".mlspec/store"})),
    "secret": ("MLS512 error", plan("p", step("a", secrets=("token",)), secrets=SECRET, **REMOTE)),
    "placeholder": ("MLS514 error", plan("p", step("a"), params=(Parameter("x", "string", "{{$}}"),), **REMOTE)),
    "null": ("MLS519 error", plan("p", step("a"), params=(Parameter("x", "list", ['null"', {"a": [None]}]),), **REMOTE)),
    "size": ("MLS515 warning", replace(chain(1200), **REMOTE)),
    "deadline": ("MLS518 warning", plan("p", step("a", timeout=60.0, retry=Retry(2, 5, 2, 8), extensions=DEADLINE), **REMOTE)),
    "NUL": ("MLS517 error", plan("p", step("a", "echo '\0inputs.x\0'"), **REMOTE)),
    "option": ("MLS516 error", plan("p", step("a"), **{**REMOTE, "target_options": {"kubeflow": {"imag": "x"}}})),
    "step option": ("MLS516 error", plan("p", step("a", extensions={"kubeflow": {"node_selector": 1}}), **REMOTE)),
}


def brief(finding: Diagnostic) -> str:
    return f"{finding.code} {finding.severity}"


@pytest.mark.parametrize("name", WRONG)
def test_each_fault_alone(name: str) -> None:
    expected, subject = WRONG[name]
    assert [brief(finding) for finding in TARGET.check(subject)] == [expected]


def test_a_good_plan_has_none() -> None:
    assert TARGET.check(FULL) == []


@pytest.mark.parametrize(("profiles", "codes"), [("{}", ["MLS511"]), ("{a: {store: /mnt/s}}", ["MLS511"]), (PRODUCTION, [])])
def test_a_store_for_the_cluster_may_stand_in_a_profile(profiles: str, codes: list[str], tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    head = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\ntargets: {kubeflow: {image: a}}\n"
    spec.write_text(f"{head}steps: {{s: {{run: 'true'}}}}\nprofiles: {profiles}\n", encoding="utf-8")
    assert [finding.code for finding in TARGET.check(api.plan(api.load(spec)))] == codes


def test_the_word_null_in_a_text_is_fine() -> None:
    assert TARGET.check(plan("p", step("a"), params=(Parameter("x", "list", ["null", {"null": '"null"'}]),), **REMOTE)) == []


def test_a_deadline_beyond_all_attempts_is_fine() -> None:
    """60 s three times, and delays of 5 s and of 10 s, which is cut to 8 s."""
    long = {"kubeflow": {"deadline": 194}}
    assert TARGET.check(plan("p", step("a", timeout=60.0, retry=Retry(2, 5, 2, 8), extensions=long), **REMOTE)) == []


def test_a_schedule_is_left_out_by_a_profile(tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: p}\nsteps: {a: {run: 'true'}}\n"
        'triggers: {schedule: {cron: "0 3 * * 1"}}\nprofiles: {kubeflow: {triggers: null}}\n',
        encoding="utf-8",
    )
    with pytest.raises(api.TargetError) as refused:
        api.compile(api.plan(api.load(spec)), "kubeflow")
    (finding,) = [finding for finding in refused.value.findings if finding.severity == "error"]
    assert (finding.code, "`triggers: null`" in (finding.hint or "")) == ("MLS501", True)
    assert api.compile(api.plan(api.load(spec, profile="kubeflow")), "kubeflow")


def test_a_misspelt_option_has_a_suggestion() -> None:
    (finding,) = TARGET.check(WRONG["option"][1])
    assert (finding.hint, finding.path) == ("did you mean image?", "targets.kubeflow.imag")


def test_every_feature_has_an_answer() -> None:
    assert set(TARGET.capabilities) == set(Feature)
    assert all(support.how for support in TARGET.capabilities.values())
