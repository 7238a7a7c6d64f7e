"""What a step needs of Jenkins beside its command: an agent, a container or a pod, credentials.

In: a plan and a step. Out: plain values that `execute` gets in the generated file. Owns the meaning of resources on
Jenkins; never emits. Change it when a step can ask Jenkins for something new.
"""

from __future__ import annotations

import math
from typing import Any

from mlspec.ir.bodies import Approval, Retry
from mlspec.ir.declarations import Resources, Secret
from mlspec.ir.model import Plan, Step
from mlspec.quantities import plain
from mlspec.targets.jenkins.options import extension_of, jenkins_form, options_of
from mlspec.targets.secret_forms import kubernetes_form, pull_secret
from mlspec.terms import LOST

CREDENTIALS = ("secrets", "files", "logins")
"""The settings that name credentials which a step sees."""
MARGIN = 10
"""Minutes that a step may take beside its attempts, before Jenkins takes it for one that hangs."""
LONGEST_WAIT = 1_000_000
"""Minutes: two years, far below the longest time that Jenkins counts."""


def settings_of(plan: Plan, step: Step) -> dict[str, Any]:
    """Return `minutes` (that Jenkins waits for a process), `label`, `image`, `limits` (options of `docker run`, or those of a
    pod's container as YAML), `lost` (how often it is started again), `parallel` and `pairs` (of a foreach), `question` (of an approval),
    `secrets` (variable: credentials id), `files` (the same, of secrets that are files), `logins` (`id`, and the variables of `user`
    and `password`) and `registry` (the `url` and the credentials `id` that the image is pulled with; in pods the `pull` secret), as
    needed.
    """
    settings: dict[str, Any] = {}
    if step.timeout is not None:
        settings["minutes"] = minutes_of(step.timeout, step.retry)
    if step.retry.lost != LOST:
        settings["lost"] = step.retry.lost
    if label := extension_of(step).label:
        settings["label"] = label
    if step.foreach is not None and step.foreach.parallel is not None:
        settings["parallel"] = step.foreach.parallel
    if step.foreach is not None and step.pairs:
        settings["pairs"] = list(step.pairs)
    if image := container_image(plan, step):
        settings["image"] = image
        agent = options_of(plan).agent
        limit = pod_limits(step.resources) if agent.kubernetes else docker_limits(step.resources)
        if limit:
            settings["limits"] = limit
    if isinstance(step.body, Approval):
        settings["question"] = _question(step.body)
    settings |= _credentials([plan.secrets[name] for name in step.secrets])
    if "image" in settings and (registry := pull_secret(plan, step)) is not None:
        settings |= _registry(registry, settings["image"], pods=options_of(plan).agent.kubernetes is not None)
    return settings


def _credentials(wanted: list[Secret]) -> dict[str, Any]:
    """Credentials by their kind in Jenkins."""
    found: dict[str, Any] = {}
    for secret in wanted:
        form = jenkins_form(secret)
        held = form.credentials if form is not None else None
        if secret.kind == "login":
            found.setdefault("logins", []).append({"id": held, "user": secret.env, "password": secret.password})
        else:
            found.setdefault("files" if secret.kind == "file" else "secrets", {})[secret.env] = held
    return found


def _registry(secret: Secret, image: str, *, pods: bool) -> dict[str, Any]:
    """What an image is pulled with: by Docker on an agent, or by Kubernetes."""
    if pods:
        form = kubernetes_form(secret)
        return {"pull": form.secret} if form is not None else {}
    held = jenkins_form(secret)
    host, slash, _ = image.partition("/")
    # A reference begins with a registry where its first part looks like a host (distribution/reference, `splitDockerDomain`).
    url = f"https://{host}" if slash and (host == "localhost" or not {".", ":"}.isdisjoint(host)) else ""
    return {"registry": {"url": url, "id": held.credentials}} if held is not None else {}


def minutes_of(timeout: float, retry: Retry) -> int:
    """How long Jenkins waits for all attempts: a tenth more than they may take, and time to fetch inputs and publish outputs."""
    attempts = min(retry.longest(timeout), LONGEST_WAIT * 60)
    return min(LONGEST_WAIT, math.ceil(attempts * 1.1 / 60) + MARGIN)


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
    limits = {"cpu": resources.cpu, "memory": resources.memory, resources.gpu_resource: resources.gpu or None}
    return ", ".join(f"{name}: {quantity}" for name, quantity in limits.items() if quantity is not None)
