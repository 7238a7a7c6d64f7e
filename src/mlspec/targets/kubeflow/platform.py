"""What only Kubernetes knows of a step: the second YAML document, `platforms.kubernetes`.

In: a plan and a step. Out: flow-style lines for its executor. Owns the names of kfp-kubernetes' schema; never holds a
secret's value. Change it when the settings of pods gain one that the platform document carries.
"""

from __future__ import annotations

import math
from typing import Any

from mlspec.emission import yaml_text
from mlspec.ir.declarations import Secret
from mlspec.ir.model import Plan, Step
from mlspec.targets.kubeflow.options import extension_of
from mlspec.targets.pod_objects import requirement, toleration
from mlspec.targets.pods import NOTHING, NodeAffinity, Pod, merged, with_pull_secret, without_place
from mlspec.targets.secret_forms import KubernetesSecret, kubernetes_form, pull_secret


def settings(plan: Plan, step: Step, common: Pod, *, bare: bool = False) -> list[str]:
    """The lines of the step's entry; empty when it needs none. Secrets without a Kubernetes reference are left out.

    `common` is what all pods have; `bare`: for a process that only looks at the step.
    """
    own = extension_of(step)
    pod = merged(common, without_place(own) if bare else own)
    registry = pull_secret(plan, step)
    if pod is NOTHING and registry is None and not step.secrets:
        return []
    lines: list[str] = []
    held = [] if bare else [(secret, kubernetes_form(secret)) for secret in (plan.secrets[name] for name in step.secrets)]
    known = [(secret, form) for secret, form in held if form is not None]
    lines += _list("secretAsEnv", [_secret(secret, form) for secret, form in known if secret.kind != "file"])
    # By mount: two files of one secret are in one folder.
    mounts = {form.mount: form.secret for secret, form in known if secret.kind == "file"}
    volumes = [{**_named(name), "mountPath": mount, "optional": False} for mount, name in mounts.items()]
    lines += _list("secretAsVolume", volumes)
    if registry is not None and (pulled := kubernetes_form(registry)) is not None:
        pod = with_pull_secret(pod, pulled.secret)
    if pod is NOTHING:
        return lines
    lines += _list("imagePullSecret", [_named(name) for name in pod.image_pull_secrets or ()])
    lines += [f"imagePullPolicy: {pod.image_pull_policy}"] if pod.image_pull_policy else []
    if pod.node_selector:
        lines.append(f"nodeSelector: {yaml_text.value({'labels': dict(sorted(pod.node_selector.items()))})}")
    lines += _list("tolerations", [_whole_numbers(toleration(one)) for one in pod.tolerations or ()])
    lines += _list("nodeAffinity", [_affinity(term) for term in pod.node_affinity or ()])
    metadata = {"labels": pod.labels, "annotations": pod.annotations}
    if any(metadata.values()):
        sorted_metadata = {name: dict(sorted(entries.items())) for name, entries in metadata.items() if entries}
        lines += ["podMetadata:", *(f"  {name}: {yaml_text.value(entries)}" for name, entries in sorted_metadata.items())]
    if pod.deadline is not None:
        lines.append(f"activeDeadlineSeconds: '{math.ceil(pod.deadline)}'")
    return lines


def _list(name: str, items: list[dict[str, Any]]) -> list[str]:
    return [f"{name}:", *(f"- {yaml_text.value(item)}" for item in items)] if items else []


def _whole_numbers(given: dict[str, Any]) -> dict[str, Any]:
    """64-bit integers are texts in the JSON form of protobuf, and kfp writes them so."""
    return {key: str(value) if isinstance(value, int) else value for key, value in given.items()}


def _affinity(term: NodeAffinity) -> dict[str, Any]:
    """A term of kfp-kubernetes, where a weight alone tells a wish from a must (driver/k8s.go)."""
    return {
        "matchExpressions": [requirement(one) for one in term.match],
        **({"weight": term.weight} if term.weight is not None else {}),
    }


def _secret(secret: Secret, form: KubernetesSecret) -> dict[str, Any]:
    pairs = zip(form.keys, secret.variables, strict=True)
    return {
        **_named(form.secret),
        "keyToEnv": [{"secretKey": key, "envVar": variable} for key, variable in pairs],
        "optional": False,
    }


def _named(secret: str) -> dict[str, Any]:
    """`secretName` is what backends before 2.4 read, `secretNameParameter` what later ones do."""
    return {"secretName": secret, "secretNameParameter": {"runtimeValue": {"constant": secret}}}
