"""What a step needs of Jenkins beside its command: an agent, a container or a pod, credentials.

In: a plan and a step. Out: plain values that `execute` gets in the generated file. Owns the meaning of resources on
Jenkins; never emits. Change it when a step can ask Jenkins for something new.
"""

from __future__ import annotations

import math
from typing import Any

from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Resources, Step
from mlspec.quantities import plain
from mlspec.targets.jenkins.options import extension_of, jenkins_form, options_of


def settings_of(plan: Plan, step: Step) -> dict[str, Any]:
    """Return `label`, `image`, `limits` (options of `docker run`, or those of a pod's container as YAML), `parallel` (of a
    foreach), `question` (of an approval) and `secrets` (variable: credentials id), as needed.
    """
    settings: dict[str, Any] = {}
    if label := extension_of(step).label:
        settings["label"] = label
    if step.foreach is not None and step.foreach.parallel is not None:
        settings["parallel"] = step.foreach.parallel
    if image := container_image(plan, step):
        settings["image"] = image
        limits = pod_limits if options_of(plan).agent.kubernetes else docker_limits
        if limit := limits(step.resources):
            settings["limits"] = limit
    if isinstance(step.body, Approval):
        settings["question"] = _question(step.body)
    if step.secrets:
        held = [(secret.env, jenkins_form(secret)) for secret in (plan.secrets[name] for name in step.secrets)]
        settings["secrets"] = {variable: form.credentials if form else None for variable, form in held}
    return settings


def _question(approval: Approval) -> dict[str, Any]:
    """What is asked, of whom, and for how long, in whole seconds, since Jenkins' `timeout` knows no others."""
    question: dict[str, Any] = {"message": approval.message}
    if approval.approvers:
        question["submitter"] = ",".join(approval.approvers)
    if approval.timeout is not None:
        question["seconds"] = math.ceil(approval.timeout)
    return question


def container_image(plan: Plan, step: Step) -> str | None:
    """The image of the step's container or pod; None when it runs on the agent itself."""
    agent = options_of(plan).agent
    if agent.kubernetes:
        return None if extension_of(step).label else step.image or agent.kubernetes.image
    return step.image if agent.docker else None


def own_nodes(plan: Plan) -> bool:
    """Whether steps hold an agent each and the build holds none: an approval may wait for days, and pods are for steps."""
    return options_of(plan).agent.kubernetes is not None or any(isinstance(step.body, Approval) for step in plan.all_steps())


def docker_limits(resources: Resources) -> str:
    """Kubernetes quantities as options of `docker run`; raises `ValueError` for one that is none."""
    options = []
    if resources.cpu:
        options.append(f"--cpus {plain(resources.cpu)}")
    if resources.memory:
        options.append(f"--memory {plain(resources.memory).partition('.')[0]}")
    if resources.gpu:
        options.append(f"--gpus {resources.gpu}")
    return " ".join(options)


def pod_limits(resources: Resources) -> str:
    """Kubernetes quantities as entries of a YAML flow mapping, which need no quotes."""
    limits = {"cpu": resources.cpu, "memory": resources.memory, "nvidia.com/gpu": resources.gpu or None}
    return ", ".join(f"{name}: {quantity}" for name, quantity in limits.items() if quantity is not None)
