"""What a step needs of Jenkins beside its command: an agent, a container, credentials.

In: a plan and a step. Out: plain values that `execute` gets in the generated file. Owns the meaning of resources on
Jenkins; never emits. Change it when a step can ask Jenkins for something new.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from mlspec.plan.model import Plan, Resources, Step
from mlspec.targets.jenkins.options import extension_of, options_of

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([a-zA-Z]*))")
_UNITS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}


def settings_of(plan: Plan, step: Step) -> dict[str, Any]:
    """Return `label`, `image`, `limits` (options of `docker run`) and `secrets` (variable: credentials id), as needed."""
    settings: dict[str, Any] = {}
    if label := extension_of(step).label:
        settings["label"] = label
    if image := image_of(plan, step):
        settings["image"] = image
        if limits := docker_limits(step.resources):
            settings["limits"] = limits
    if step.secrets:
        secrets = [plan.secrets[name] for name in step.secrets]
        settings["secrets"] = {secret.env: secret.jenkins for secret in secrets}
    return settings


def image_of(plan: Plan, step: Step) -> str | None:
    """The image the step runs in; None when it runs on the agent itself."""
    environment = plan.environments.get(step.environment) if step.environment else None
    return environment.image if environment and options_of(plan).agent.docker else None


def docker_limits(resources: Resources) -> str:
    """Kubernetes quantities as options of `docker run`; raises `ValueError` for one that is none."""
    options = []
    if resources.cpu:
        options.append(f"--cpus {_plain(resources.cpu)}")
    if resources.memory:
        options.append(f"--memory {_plain(resources.memory).partition('.')[0]}")
    if resources.gpu:
        options.append(f"--gpus {resources.gpu}")
    return " ".join(options)


def _plain(quantity: str) -> str:
    match = _QUANTITY.fullmatch(quantity)
    if match is None or (match[3] or "") not in _UNITS:
        raise ValueError(f"{quantity!r} is no Kubernetes quantity")
    text = f"{Decimal(match[1] + (match[2] or '')) * _UNITS[match[3] or '']:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
