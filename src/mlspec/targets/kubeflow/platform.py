"""What only Kubernetes knows of a step: the second YAML document, `platforms.kubernetes`.

In: a plan and a step. Out: flow-style lines for its executor. Owns the names of kfp-kubernetes' schema; never holds a
secret's value. Change it when `x-kubeflow` learns an option that the platform document carries.
"""

from __future__ import annotations

from typing import Any

from mlspec.emission import yaml_text
from mlspec.ir.model import Plan, Step
from mlspec.targets.kubeflow.options import extension_of


def settings(plan: Plan, step: Step) -> list[str]:
    """The lines of the step's entry; empty when it needs none. Secrets without a Kubernetes reference are left out."""
    extension = extension_of(step)
    lines: list[str] = []
    secrets = [_secret(plan, name) for name in step.secrets if plan.secrets[name].kubernetes]
    if secrets:
        lines += ["secretAsEnv:", *(f"- {yaml_text.value(secret)}" for secret in secrets)]
    if extension.node_selector:
        lines.append(f"nodeSelector: {yaml_text.value({'labels': dict(sorted(extension.node_selector.items()))})}")
    if extension.tolerations:
        lines.append("tolerations:")
        lines += [f"- {yaml_text.value(found.model_dump(exclude_none=True))}" for found in extension.tolerations]
    if extension.deadline is not None:
        lines.append(f"activeDeadlineSeconds: '{extension.deadline}'")
    return lines


def _secret(plan: Plan, name: str) -> dict[str, Any]:
    """`secretName` is what backends before 2.4 read, `secretNameParameter` what later ones do."""
    secret = plan.secrets[name]
    assert secret.kubernetes is not None
    kubernetes_name, key = secret.kubernetes
    return {
        "secretName": kubernetes_name,
        "secretNameParameter": {"runtimeValue": {"constant": kubernetes_name}},
        "keyToEnv": [{"secretKey": key, "envVar": secret.env}],
        "optional": False,
    }
