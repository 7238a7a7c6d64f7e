"""What the target says about a plan before it compiles it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlspec import api
from mlspec.diagnostics import Diagnostic
from mlspec.ir.bodies import Retry
from mlspec.ir.declarations import Parameter, Secret
from mlspec.ir.features import Feature
from mlspec.ir.model import ForEach, Plan
from mlspec.targets.kubeflow import TARGET
from tests.targets.built import plan, step
from tests.targets.kubeflow.plans import FULL, chain

REMOTE = {"store": "s3://acme/store", "target_options": {"kubeflow": {"image": "acme/base:1"}}}
PRODUCTION = "{a: {params: {}}, prod: {store: 's3://acme/store'}}"
DEADLINE = {"kubeflow": {"deadline": 193}}
TEMPLATE = {"image": "a:1", "pods": {"pod_template": {"spec": {}}}}
EACH = ForEach(None, (), (1, 2))
CACHED = {"target_options": {"kubeflow": {"image": "a:1", "cache": True}}}
SECRET = {"token": Secret("token", "TOKEN")}

WRONG: dict[str, tuple[str, Plan]] = {
    "no image": ("MLS510 warning", plan("p", step("a"), store="s3://x/y")),
    "local store": ("MLS511 warning", plan("p", step("a"), **{**REMOTE, "store": ".mlspec/store"})),
    "local store of a fan-out": ("MLS511 error", plan("p", step("a", foreach=EACH), **{**REMOTE, "store": ".mlspec/store"})),
    "local store of a cache": ("MLS511 error", plan("p", step("a"), **{**CACHED, "store": "/mnt/store"})),
    "folder of all pods": ("MLS511 warning", plan("p", step("a", foreach=EACH), **{**REMOTE, "store": "file:///mnt/store"})),
    "final": ("MLS520 warning", plan("p", step("a"), finals=(step("b"),), **REMOTE)),
    "secret": ("MLS512 error", plan("p", step("a", secrets=("token",)), secrets=SECRET, **REMOTE)),
    "placeholder": ("MLS514 error", plan("p", step("a"), params=(Parameter("x", "string", "{{$}}"),), **REMOTE)),
    "null": ("MLS519 error", plan("p", step("a"), params=(Parameter("x", "list", ['null"', {"a": [None]}]),), **REMOTE)),
    "size": ("MLS515 warning", replace(chain(1200), **REMOTE)),
    "deadline": ("MLS518 warning", plan("p", step("a", timeout=60.0, retry=Retry(2, 5, 2, 8), extensions=DEADLINE), **REMOTE)),
    "step startup": ("MLS522 error", plan("p", step("a", extensions={"kubeflow": {"startup_timeout": 900.0}}), **REMOTE)),
    "all template": ("MLS522 error", plan("p", step("a"), **{**REMOTE, "target_options": {"kubeflow": TEMPLATE}})),
    "braces": ("MLS522 error", plan("p", step("a", extensions={"kubeflow": {"annotations": {"a": "{{x}}"}}}), **REMOTE)),
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
    assert [brief(finding) for finding in TARGET.check(FULL)] == ["MLS520 warning"] * len({step.name for step in FULL.finals})


@pytest.mark.parametrize(("profiles", "codes"), [("{}", ["MLS511"]), ("{a: {store: /mnt/s}}", ["MLS511"]), (PRODUCTION, [])])
def test_a_store_for_the_cluster_may_stand_in_a_profile(profiles: str, codes: list[str], tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    head = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\ntargets: {kubeflow: {image: a}}\n"
    spec.write_text(f"{head}steps: {{s: {{run: 'true'}}}}\nprofiles: {profiles}\n", encoding="utf-8")
    assert [finding.code for finding in TARGET.check(api.plan(api.load(spec)))] == codes


def test_a_status_that_no_pod_can_find_is_an_error() -> None:
    last = step("b", "echo ${{ run.status }}")
    subject = plan("p", step("a"), finals=(last,), **{**REMOTE, "store": ".mlspec/store"})
    found = [finding for finding in TARGET.check(subject) if finding.severity == "error"]
    assert [finding.code for finding in found] == ["MLS511"]
    assert found[0].message.endswith("they are lost: `run.status` in the step `b` cannot work")


def test_the_word_null_in_a_text_is_fine() -> None:
    assert TARGET.check(plan("p", step("a"), params=(Parameter("x", "list", ["null", {"null": '"null"'}]),), **REMOTE)) == []


def test_a_deadline_beyond_all_attempts_is_fine() -> None:
    """60 s three times, and delays of 5 s and of 10 s, which is cut to 8 s."""
    long = {"kubeflow": {"deadline": 194}}
    assert TARGET.check(plan("p", step("a", timeout=60.0, retry=Retry(2, 5, 2, 8), extensions=long), **REMOTE)) == []


POD_OPTIONS = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
store: s3://acme/store
defaults: {timeout: 1m}
steps:
  a: {run: 'true', matrix: {d: [1, 2]}}
  b: {run: 'true', retry: {limit: 1, delay: 5s, max_delay: 0s}}
  c: {run: 'true', timeout: 10s}
  d: {run: 'true', timeout: 2m, x-kubeflow: {deadline: 90s}}
targets:
  kubeflow:
    image: acme/base:1
    pods:
      deadline: 30s
      annotations: {a: "{{x}}"}
"""


def test_what_is_said_of_all_pods_is_reported_once_and_where_it_stands(tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(POD_OPTIONS, encoding="utf-8")
    found = TARGET.check(api.plan(api.load(spec)))
    assert [(finding.code, finding.span.line, finding.path) for finding in found] == [
        ("MLS522", 16, "targets.kubeflow.pods.annotations"),
        ("MLS518", 15, "targets.kubeflow.pods.deadline"),
        ("MLS518", 10, "steps.d.x-kubeflow.deadline"),
    ]
    assert found[1].message == "the pod of step b is ended after 30 s, and its attempts may take 120 s"
    assert found[1].hint == "make it more than 120 s, or give the step a longer one by `x-kubeflow: {deadline: …}`"


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
