"""The settings of tasks beside what kfp and kfp-kubernetes write for the same ones, and kfp's own reading of all IR."""

# No `from __future__ import annotations`: kfp reads the annotations of components as objects.

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.declarations import Environment, Resources, Secret
from mlspec.ir.model import Plan
from mlspec.targets.kubeflow import TARGET
from mlspec.targets.kubeflow.validate_ir import faults
from tests.engines import kfp_local
from tests.targets.built import plan, step
from tests.targets.kubeflow.plans import PLANS

pytestmark = pytest.mark.kfp

ROOT = Path(__file__).parents[3]
SPECS = [*sorted(ROOT.glob("examples/*/mlspec.yaml")), *sorted(ROOT.glob("tests/conformance/specs/*/mlspec.yaml"))]
SETTINGS = {
    "node_selector": {"pool": "gpu", "disk": "ssd"},
    "tolerations": [
        {"key": "gpu", "operator": "Exists"},
        {"key": "team", "value": "ml", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute", "seconds": 300},
    ],
    "node_affinity": [
        {"match": [{"key": "zone", "values": ["a", "b"]}, {"key": "spot", "operator": "DoesNotExist"}]},
        {"match": [{"key": "gpu", "values": ["a100"]}], "weight": 50},
    ],
    "labels": {"team": "ml", "cost-centre": "42"},
    "annotations": {"sidecar.istio.io/inject": "false", "a": 'it\'s {$} "quoted"\n'},
    "image_pull_secrets": ["ghcr", "mirror"],
    "image_pull_policy": "Always",
    "deadline": 7200,
}
WORK = plan(
    "platform",
    step(
        "work",
        environment="ml",
        secrets=("token", "other"),
        resources=Resources("1500m", "4Gi", 2, "amd.com/gpu"),
        extensions={"kubeflow": SETTINGS},
    ),
    environments={"ml": Environment("ml", image="acme/ml:1")},
    secrets={
        "token": Secret("token", "TOKEN", {"kubernetes": {"secret": "mlflow", "key": "key"}}),
        "other": Secret("other", "OTHER", {"kubernetes": {"secret": "other", "key": "it's a key"}}),
    },
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What kfp and kfp-kubernetes make of a pipeline of one task with the settings above."""
    from kfp import compiler, dsl, kubernetes

    @dsl.container_component
    def work():  # type: ignore[no-untyped-def]
        return dsl.ContainerSpec(image="acme/ml:1", command=["mlspec", "exec"])

    @dsl.pipeline(name="platform")
    def pipeline() -> None:
        task = work().set_caching_options(False)
        kubernetes.use_secret_as_env(task, "mlflow", {"key": "TOKEN"})
        kubernetes.use_secret_as_env(task, "other", {"it's a key": "OTHER"})
        kubernetes.add_node_selector(task, "pool", "gpu")
        kubernetes.add_node_selector(task, "disk", "ssd")
        kubernetes.add_toleration(task, key="gpu", operator="Exists")
        kubernetes.add_toleration(task, key="team", operator="Equal", value="ml", effect="NoSchedule")
        kubernetes.add_toleration(task, operator="Exists", effect="NoExecute", toleration_seconds=300)
        zone = {"key": "zone", "operator": "In", "values": ["a", "b"]}
        kubernetes.add_node_affinity(task, match_expressions=[zone, {"key": "spot", "operator": "DoesNotExist"}])
        kubernetes.add_node_affinity(task, match_expressions=[{"key": "gpu", "operator": "In", "values": ["a100"]}], weight=50)
        for key, value in SETTINGS["labels"].items():  # type: ignore[attr-defined]
            kubernetes.add_pod_label(task, key, value)
        for key, value in SETTINGS["annotations"].items():  # type: ignore[attr-defined]
            kubernetes.add_pod_annotation(task, key, value)
        kubernetes.set_image_pull_secrets(task, ["ghcr", "mirror"])
        kubernetes.set_image_pull_policy(task, "Always")
        kubernetes.set_timeout(task, 7200)
        task.set_cpu_request("1500m").set_cpu_limit("1500m").set_memory_request("4Gi").set_memory_limit("4Gi")
        task.set_accelerator_type("amd.com/gpu").set_accelerator_limit(2)

    path = tmp_path_factory.mktemp("theirs") / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def ours(made: Plan) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(TARGET.emit(made)[0].content))


def test_the_platform_document_is_kfp_kubernetes_own(theirs: list[dict[str, Any]]) -> None:
    assert ours(WORK)[1] == theirs[1]


def test_resources_are_those_that_kfp_writes_but_for_the_fields_it_has_given_up(theirs: list[dict[str, Any]]) -> None:
    """`cpuLimit`, `memoryRequest` and so on as numbers, and an accelerator's `count` and `type`, are for old backends."""
    mine, other = (documents[0]["deploymentSpec"]["executors"]["exec-work"]["container"] for documents in (ours(WORK), theirs))
    current = {name: value for name, value in other["resources"].items() if name.startswith("resource")}
    accelerator = {name: other["resources"]["accelerator"][name] for name in ("resourceType", "resourceCount")}
    assert mine["resources"] == {**current, "accelerator": accelerator}


def test_a_task_is_not_cached_and_not_retried_as_kfp_says_it(theirs: list[dict[str, Any]]) -> None:
    mine, other = (documents[0]["root"]["dag"]["tasks"]["work"] for documents in (ours(WORK), theirs))
    assert other.pop("cachingOptions") == {}  # which is what leaving it out means
    assert {key: mine[key] for key in other} == other
    assert set(mine) - set(other) == {"inputs"}  # the run's id


@pytest.mark.parametrize("name", [*PLANS, "platform"])
def test_kfp_reads_every_setting(name: str, tmp_path: Path) -> None:
    """What kfp writes again after reading a file is what was in it: no key was unknown to it, none fell off."""
    from kfp import compiler

    made = {**PLANS, "platform": WORK}[name]
    path = tmp_path / "again.yaml"
    compiler.Compiler().compile(kfp_local.load(TARGET.emit(made)[0].content), str(path))
    again = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    before = ours(made)
    assert again[1:] == before[1:]
    assert again[0]["deploymentSpec"] == before[0]["deploymentSpec"]
    assert again[0]["components"] == before[0]["components"]
    assert again[0]["root"] == before[0]["root"]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name)
def test_every_spec_of_the_repository_loads_in_kfp(path: Path) -> None:
    made = replace(api.plan(api.load(path, sets=["triggers=null"])), notifications=(), monitor=None, on_failure="stop")
    text = TARGET.emit(made)[0].content
    documents = list(yaml.safe_load_all(text))
    assert faults(*documents) == []
    loaded = kfp_local.load(text)
    assert loaded.name == made.lifecycle
    assert set(loaded.component_spec.inputs or {}) == {parameter.name for parameter in made.params}
