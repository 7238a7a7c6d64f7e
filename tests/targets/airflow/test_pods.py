"""The pods that the Kubernetes operator makes of generated tasks, without a cluster."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlspec.invocation.arguments import step_options
from mlspec.invocation.from_plan import invocation
from mlspec.ir.declarations import Environment, Parameter
from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from tests.engines.airflow import Airflow
from tests.engines.kubernetes import expand, expanded_variables
from tests.targets.airflow.plans import AWKWARD
from tests.targets.airflow.pods import PODDED, check
from tests.targets.airflow.specs import PODS
from tests.targets.built import plan, step

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


ON_PODS: dict[str, Any] = {
    "environments": {"ml": Environment("ml", image="a:1")},
    "store": "s3://a/b",
    "target_options": {"airflow": {"runner": "kubernetes"}},
}


def pods(airflow: Airflow, tmp_path: Path, made: Plan) -> dict[str, Any]:
    return airflow.pods(tmp_path, TARGET.emit(made))


def test_a_pod_is_what_the_spec_says(airflow: Airflow, tmp_path: Path) -> None:
    made = replace(PODS, steps=tuple(replace(each, foreach=None) for each in PODS.steps))
    pod = pods(airflow, tmp_path, made)["work"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == "ghcr.io/acme/gpu:2"
    wanted = {"cpu": "500m", "memory": "4Gi", "nvidia.com/gpu": "1"}
    assert container["resources"] == {"requests": wanted, "limits": wanted}
    assert pod["nodeSelector"] == {"arch": "amd64", "pool": "gpu"}
    assert pod["serviceAccountName"] == "runner"
    assert container["command"] == ["/bin/sh", "-c"]


def test_what_a_spec_says_of_pods_reaches_kubernetes(airflow: Airflow, tmp_path: Path) -> None:
    check(pods(airflow, tmp_path, PODDED))


def test_braces_in_annotations_and_templates_are_no_templates_of_airflows(airflow: Airflow, tmp_path: Path) -> None:
    made = pods(airflow, tmp_path, PODDED)
    for name, key, text in (("plain", "note", "{{ ds }} and {% it's %}\n"), ("own", "raw", "{{ x }}")):
        template = made[name]["metadata"]["annotations"][key]
        assert airflow.render(template, {}) == text


def test_secrets_come_from_kubernetes_where_it_has_them(airflow: Airflow, tmp_path: Path) -> None:
    made = pods(airflow, tmp_path, PODS)
    variables = {each["name"]: each for each in made["split"]["spec"]["containers"][0]["env"]}
    assert variables["KEY"]["valueFrom"] == {"secretKeyRef": {"name": "keys", "key": "k"}}
    masked = "masked | replace('$', '$$') | masked"
    assert variables["TOKEN"]["value"] == f"{{{{ conn.get('mlflow').password | default('', true) | {masked} }}}}"
    assert "KEY" not in {each["name"] for each in made["good"]["spec"]["containers"][0]["env"]}


@pytest.mark.parametrize("text", ["$(TOKEN)", "$$", "$$(TOKEN)", "$HOME ${x} $( )", "a)$(TOKEN)", "$", "", "-0.0", "é\n'\""])
def test_the_value_of_a_parameter_is_what_it_is(airflow: Airflow, tmp_path: Path, text: str) -> None:
    params = (Parameter("text", "string", "a"), Parameter("list", "list", []), Parameter("object", "object", {}))
    given: dict[str, Any] = {"text": text, "list": [text, 1], "object": {text: text}}
    made = replace(plan("p", step("s", "true", environment="ml"), params=params), **ON_PODS)
    [container] = pods(airflow, tmp_path, made)["s"]["spec"]["containers"]
    templates = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    rendered = {name: airflow.render(template, given) for name, template in templates.items() if "PARAM" in name}
    found = expanded_variables({"TOKEN": "a secret", **rendered})
    assert found == {"TOKEN": "a secret", **{f"MLSPEC_PARAM_{name.upper()}": found_text(given[name]) for name in given}}


def found_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_a_gate_runs_in_the_image_of_the_nearest_step_above(airflow: Airflow, tmp_path: Path) -> None:
    [container] = pods(airflow, tmp_path, PODS)["good"]["spec"]["containers"]
    assert container["image"] == "ghcr.io/acme/ml:1.4.2"


@pytest.mark.parametrize("script", [AWKWARD, "$(MLSPEC_RUN_ID) $$(A) $$$(B) $", "echo $HOME $((1 + 1)) ${A:-b}\n'"])
def test_the_step_process_gets_every_word_as_it_is(airflow: Airflow, tmp_path: Path, script: str) -> None:
    made = plan(
        "p",
        step("s", script, environment="ml"),
        environments={"ml": Environment("ml", image="a:1")},
        store="s3://a/b",
        target_options={"airflow": {"runner": "kubernetes"}},
    )
    [container] = pods(airflow, tmp_path, made)["s"]["spec"]["containers"]
    [argument] = container["args"]
    listing = tmp_path / "list-arguments"
    listing.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    listing.chmod(listing.stat().st_mode | stat.S_IXUSR)
    environment = {"MLSPEC": str(listing), "MLSPEC_RUN_ID": "manual__$(A) b", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*container["command"], expand(argument, environment)], env=environment, capture_output=True, check=True
    )
    words = json.loads(done.stdout)
    assert words[:3] == ["exec", "--run-id", "manual__$(A) b"]
    given = [word for group in step_options(invocation(made, made.steps[0])) for word in group]
    assert words[7:] == ["--fail-fast", *given]
