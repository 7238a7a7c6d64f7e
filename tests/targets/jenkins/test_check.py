from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from mlspec.ir.bodies import Approval, Retry
from mlspec.ir.declarations import Environment, Notification, Parameter, Resources, Secret
from mlspec.ir.features import Feature
from mlspec.ir.model import Monitor, Plan, Step
from mlspec.ir.triggers import Overlapping, Schedule
from mlspec.targets.base import refusals
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.groovy import literal
from mlspec.targets.jenkins.settings import settings_of
from tests.engines import jenkins
from tests.targets.built import plan
from tests.targets.jenkins.plans import chain, step


def found(made: Plan) -> list[tuple[str, str, int]]:
    return [(finding.code, finding.path, finding.span.line) for finding in TARGET.check(made)]


def test_a_secret_needs_credentials() -> None:
    made = plan("secret", step("a", secrets=("token",)), secrets={"token": Secret("token", "TOKEN")})
    assert found(made) == [("MLS550", "secrets.token", 1)]


def test_an_option_beside_what_the_spec_says_is_refused() -> None:
    made = plan("two", step("a"), overlap=Overlapping("queue", 1), target_options={"jenkins": {"concurrent_builds": True}})
    assert found(made) == [("MLS501", "targets.jenkins.concurrent_builds", 1)]
    assert found(replace(made, target_options={"jenkins": {"concurrent_builds": False}})) == []


@pytest.mark.parametrize("text", ["x" * 65_536, "é" * 32_768, "a\x00b", "a\uffffb", "a\ud800b"])
def test_text_that_groovy_cannot_hold_is_refused(text: str) -> None:
    assert found(plan("long", step("a", text, line=7))) == [("MLS551", "steps.a", 7)]
    assert found(plan("long", step("a"), params=(Parameter("p", "string", text),))) == [("MLS551", "params.p", 1)]


def test_text_at_the_limit_is_taken() -> None:
    assert found(plan("long", step("a", "x" * 65_535))) == []


def test_in_a_plan_of_many_steps_all_of_one_must_fit_a_string() -> None:
    made = chain(200)
    fat = replace(made.steps[5], with_=(("one", "x" * 40_000), ("two", "x" * 40_000)))
    assert found(replace(made, steps=(*made.steps[:5], fat, *made.steps[6:]))) == [("MLS551", "steps.s5", 1)]


def test_a_schedule_that_jenkins_does_not_know_is_refused() -> None:
    assert found(plan("cron", step("a"), schedule=Schedule("0 3 L * *"))) == [("MLS552", "triggers.schedule.cron", 1)]


@pytest.mark.parametrize(
    ("lost", "label", "codes"),
    [(5, None, ["MLS558"]), (1, None, ["MLS558"]), (0, None, []), (2, None, []), (5, "gpu", [])],
)
def test_what_is_lost_with_the_agent_of_the_build_is_not_started_again(lost: int, label: str | None, codes: list[str]) -> None:
    extensions = {"jenkins": {"label": label}} if label else {}
    lives = [step(name, retry=Retry(0, lost=lost), extensions=extensions, line=7) for name in "ab"]
    made = plan("lost", *lives, store="s3://b/s")
    assert found(made) == [(code, "steps.a", 7) for code in codes]
    [jenkinsfile] = [each.content for each in TARGET.emit(made) if each.path.endswith("Jenkinsfile")]
    assert (f"lost={lost}" in jenkinsfile) == (lost != 2)
    if codes:
        [warning] = TARGET.check(made)
        assert (warning.severity, f"`lost: {lost}` of the step `a` and 1 more counts processes alone" in warning.message) == (
            "warning",
            True,
        )


def test_resources_without_a_container_are_a_warning() -> None:
    made = plan("large", step("a", line=4, resources=Resources("2", "4Gi")))
    assert [(finding.code, finding.severity, finding.span.line) for finding in TARGET.check(made)] == [("MLS532", "warning", 4)]


def test_resources_in_a_container_are_limits() -> None:
    made = plan(
        "large",
        step("a", environment="ml", resources=Resources("1500m", "2.5Gi", 2)),
        environments={"ml": Environment("ml", image="ml:1")},
        target_options={"jenkins": {"agent": {"docker": True}}},
    )
    assert found(made) == []
    assert "limits: '--cpus 1.5 --memory 2684354560 --gpus 2'" in TARGET.emit(made)[0].content


@pytest.mark.parametrize(("store", "codes"), [(".mlspec/store", ["MLS554"]), ("file:/mnt/store", ["MLS554"]), ("s3://b/s", [])])
def test_an_agent_for_one_step_needs_a_store_that_it_sees(store: str, codes: list[str]) -> None:
    made = plan("agents", step("a", extensions={"jenkins": {"label": "gpu"}}), store=store)
    assert [code for code, _, _ in found(made)] == codes


def approval(name: str = "sign_off", *approvers: str, message: str = "Go?", line: int = 1) -> Step:
    return Step(name, name, name, Approval(message, approvers), span=step(name, line=line).span)


@pytest.mark.parametrize(("store", "codes"), [(".mlspec/store", ["MLS554"]), ("/mnt/store", ["MLS554"]), ("s3://b/s", [])])
def test_steps_around_an_approval_need_a_store_that_all_agents_see(store: str, codes: list[str]) -> None:
    made = plan("asked", step("a"), approval(line=7), store=store)
    assert [(finding.code, finding.span.line) for finding in TARGET.check(made)] == [(code, 7) for code in codes]


def test_an_approver_with_a_comma_is_two_to_jenkins() -> None:
    assert found(plan("asked", approval("ok", "risk", "ada, bob", line=3), store="s3://b/s")) == [
        ("MLS557", "steps.ok.approval.approvers", 3)
    ]


def test_a_message_that_groovy_cannot_hold_is_refused() -> None:
    assert found(plan("asked", approval("ok", message="a\x00", line=3), store="s3://b/s")) == [("MLS551", "steps.ok", 3)]


def pods(**kubernetes: object) -> Plan:
    environments = {"ml": Environment("ml", image="ml:1")}
    steps = (step("a", environment="ml"), step("b", line=6))
    agent = {"agent": {"kubernetes": kubernetes}}
    return plan("pods", *steps, environments=environments, store="s3://b/s", target_options={"jenkins": agent})


def test_a_pod_needs_an_image_and_a_store_that_it_sees() -> None:
    assert found(pods()) == [("MLS556", "steps.b", 6)]
    assert found(pods(image="mlspec:1")) == []
    assert found(replace(pods(image="mlspec:1"), store=".mlspec/store")) == [("MLS554", "store", 1)]
    labelled = replace(pods().steps[1], extensions={"jenkins": {"label": "metal"}})
    assert found(replace(pods(), steps=(pods().steps[0], labelled))) == []


def test_containers_and_pods_exclude_each_other() -> None:
    both = {"jenkins": {"agent": {"docker": True, "kubernetes": {"image": "mlspec:1"}}}}
    assert found(replace(pods(), target_options=both)) == [("MLS556", "targets.jenkins.agent.docker", 1)]


@pytest.mark.parametrize("image", ['a"b', "a\nb", "$(id)", "-x", "a b"])
def test_what_is_no_image_gets_no_pod(image: str) -> None:
    assert found(pods(image=image)) == [("MLS556", "steps.b", 6)]


@pytest.mark.groovy
def test_resources_are_those_of_the_pod() -> None:
    made = pods(image="mlspec:1", service_account="runner", cloud="prod", namespace="ml")
    large = replace(made.steps[0], resources=Resources("500m", "4Gi", 1))
    made = replace(made, steps=(large, made.steps[1]))
    assert found(made) == []
    text = TARGET.emit(made)[0].content
    pod_of = text[text.index("String podOf(") : text.index('"""\n}\n') + 6]
    settings = ", ".join(f"{name}: {literal(value)}" for name, value in settings_of(made, large).items())
    assert yaml.safe_load(jenkins.evaluate(f"{pod_of}\nreturn podOf([{settings}])")) == {
        "spec": {
            "serviceAccountName": "runner",
            "containers": [
                {
                    "name": "step",
                    "image": "ml:1",
                    "command": ["sleep", "infinity"],
                    "resources": {"limits": {"cpu": "500m", "memory": "4Gi", "nvidia.com/gpu": 1}},
                }
            ],
        }
    }
    assert "podTemplate(yaml: podOf(settings), cloud: 'prod', namespace: 'ml')" in text


def test_too_many_parameters_are_refused() -> None:
    params = tuple(Parameter(f"p{number}", "integer", number) for number in range(200))
    assert found(plan("params", step("a"), params=params)) == [("MLS555", "params", 1)]
    assert found(plan("params", step("a"), params=params[:100])) == []


def test_features_without_a_form_are_refused_at_their_line() -> None:
    note = Notification(("failed",), {"secret": "slack"}, step("x", line=9).span)
    made = plan("refused", step("a"), notifications=(note,), monitor=Monitor(plan("monitor", step("watch")), None))
    findings = refusals(made, TARGET)
    assert [(finding.span.line, finding.path) for finding in findings] == [(9, "notifications"), (1, "monitor")]
    assert all(finding.hint for finding in findings)


def test_the_table_answers_for_every_feature() -> None:
    assert set(TARGET.capabilities) == set(Feature)
