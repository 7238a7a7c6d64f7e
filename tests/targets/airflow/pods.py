"""A plan whose pods say all that the vocabulary of pods has, for both versions of Airflow."""

from __future__ import annotations

from typing import Any

from mlspec.ir.declarations import Environment, Resources
from tests.targets.built import plan, step

ALL = {
    "node_selector": {"disk": "ssd"},
    "tolerations": [{"key": "batch", "operator": "Exists"}],
    "labels": {"team": "ml", "cost-centre": "42"},
    "annotations": {"note": "{{ ds }} and {% it's %}\n"},
    "image_pull_secrets": ["ghcr", "mirror"],
    "image_pull_policy": "Always",
    "startup_timeout": 900.0,
}
OWN = {
    "node_selector": {"pool": "gpu"},
    "tolerations": [{"key": "gpu", "value": "a", "effect": "NoExecute", "seconds": 300}],
    "node_affinity": [
        {"match": [{"key": "zone", "values": ["a", "b"]}, {"key": "spot", "operator": "DoesNotExist"}]},
        {"match": [{"key": "gpu", "values": ["a100"]}], "weight": 50},
    ],
    "pod_affinity": [
        {"labels": {"app": "db"}},
        {"labels": {"app": "loud"}, "anti": True, "weight": 7, "topology_key": "zone"},
    ],
    "labels": {"team": "vision"},
    "image_pull_secrets": [],
    "deadline": 7200.5,
    "pod_template": {
        "metadata": {"annotations": {"raw": "{{ x }}"}},
        "spec": {"priorityClassName": "training", "containers": [{"name": "base", "tty": True}]},
    },
}
PODDED = plan(
    "podded",
    step("plain", environment="ml"),
    step("own", environment="ml", resources=Resources(gpu=2, gpu_resource="amd.com/gpu"), extensions={"airflow": OWN}),
    step("bare", environment="ml", extensions={"airflow": {"tolerations": []}}),
    environments={"ml": Environment("ml", image="a/b:1")},
    store="s3://acme/store",
    target_options={"airflow": {"runner": "kubernetes", "pods": ALL}},
)


def check(pods: dict[str, Any]) -> None:
    """Compare with what Kubernetes is to get."""
    plain, own, bare = (pods[name]["spec"] for name in ("plain", "own", "bare"))
    assert plain["nodeSelector"] == {"disk": "ssd"}
    assert plain["tolerations"] == [{"key": "batch", "operator": "Exists"}]
    assert plain["imagePullSecrets"] == [{"name": "ghcr"}, {"name": "mirror"}]
    assert plain["containers"][0]["imagePullPolicy"] == "Always"
    labels = [{key: pods[name]["metadata"]["labels"][key] for key in ("team", "cost-centre")} for name in ("plain", "own")]
    assert labels == [{"team": "ml", "cost-centre": "42"}, {"team": "vision", "cost-centre": "42"}]
    assert own["nodeSelector"] == {"disk": "ssd", "pool": "gpu"}
    [toleration] = own["tolerations"]
    assert toleration == {"key": "gpu", "operator": "Equal", "value": "a", "effect": "NoExecute", "tolerationSeconds": 300}
    nodes, others, away = (own["affinity"][name] for name in ("nodeAffinity", "podAffinity", "podAntiAffinity"))
    must, rather = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
    zone, spot = nodes[must]["nodeSelectorTerms"][0]["matchExpressions"]
    assert (zone, spot) == (
        {"key": "zone", "operator": "In", "values": ["a", "b"]},
        {"key": "spot", "operator": "DoesNotExist"},
    )
    assert nodes[rather][0]["weight"] == 50
    assert others == {must: [{"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "kubernetes.io/hostname"}]}
    assert away[rather][0]["weight"] == 7 and away[rather][0]["podAffinityTerm"]["topologyKey"] == "zone"
    assert own["activeDeadlineSeconds"] == 7201
    assert own["priorityClassName"] == "training"
    [container] = own["containers"]
    assert (container["image"], container["tty"]) == ("a/b:1", True)
    assert container["resources"] == {"requests": {"amd.com/gpu": "2"}, "limits": {"amd.com/gpu": "2"}}
    assert not own.get("imagePullSecrets") and not bare.get("tolerations")
    assert bare["imagePullSecrets"] == plain["imagePullSecrets"]
