"""What only Kubernetes knows of a step: the second YAML document, `platforms.kubernetes`.

In: a plan and a step. Out: flow-style lines for its executor. Owns the names of kfp-kubernetes' schema; never holds a
secret's value. Change it when `x-kubeflow` learns an option that the platform document carries.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mlspec.emission import yaml_text
from mlspec.ir.model import Plan, Step
from mlspec.targets.kubeflow.options import Toleration, extension_of
from mlspec.targets.secret_forms import KubernetesSecret, kubernetes_form


def settings(plan: Plan, step: Step) -> list[str]:
    """The lines of the step's entry; empty when it needs none. Secrets without a Kubernetes reference are left out."""
    extension = extension_of(step)
    lines: list[str] = []
    held = [(secret, kubernetes_form(secret)) for secret in (plan.secrets[name] for name in step.secrets)]
    secrets = [_secret(secret.env, form) for secret, form in held if form is not None]
    if secrets:
        lines += ["secretAsEnv:", *(f"- {yaml_text.value(secret)}" for secret in secrets)]
    if extension.node_selector:
        lines.append(f"nodeSelector: {yaml_text.value({'labels': dict(sorted(extension.node_selector.items()))})}")
    if extension.tolerations:
        lines.append("tolerations:")
        lines += [f"- {yaml_text.value(_given(found))}" for found in extension.tolerations]
    if extension.deadline is not None:
        lines.append(f"activeDeadlineSeconds: '{extension.deadline}'")
    return lines


def _given(toleration: Toleration) -> dict[str, Any]:
    return {key: value for key, value in asdict(toleration).items() if value is not None}


def _secret(variable: str, form: KubernetesSecret) -> dict[str, Any]:
    """`secretName` is what backends before 2.4 read, `secretNameParameter` what later ones do."""
    return {
        "secretName": form.secret,
        "secretNameParameter": {"runtimeValue": {"constant": form.secret}},
        "keyToEnv": [{"secretKey": form.key, "envVar": variable}],
        "optional": False,
    }
