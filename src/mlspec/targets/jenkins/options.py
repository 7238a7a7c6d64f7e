"""What a spec may say of Jenkins alone: `targets.jenkins`, a step's `x-jenkins`, and `jenkins:` of a secret.

In: JSON of the plan. Out: frozen dataclasses. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Change it when the generated file can do something that only Jenkins has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mlspec.ir.model import Plan, Secret, Step
from mlspec.targets.options import Cache, Setting, read
from mlspec.targets.secret_forms import form_of

MAX_LABEL = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes:
    """`targets.jenkins.agent.kubernetes`: the pods that steps run in."""

    image: Annotated[
        str | None,
        Setting(
            min_length=1,
            description="Image of steps whose environment names none; it has mlspec.",
            examples=("ghcr.io/acme/credit-ml:1.4.2",),
        ),
    ] = None
    cloud: Annotated[
        str | None,
        Setting(
            min_length=1,
            max_length=MAX_LABEL,
            description="Name of the cloud in the controller's configuration; default: kubernetes.",
            examples=("training",),
        ),
    ] = None
    namespace: Annotated[
        str | None,
        Setting(
            min_length=1,
            max_length=MAX_LABEL,
            description="Namespace of the pods; default: the cloud's.",
            examples=("ml",),
        ),
    ] = None
    service_account: Annotated[
        str | None,
        Setting(
            pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$",
            description="Service account of the pods; default: the namespace's.",
            examples=("pipeline-runner",),
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`targets.jenkins.agent`: where the build runs."""

    label: Annotated[
        str | None,
        Setting(
            min_length=1,
            max_length=MAX_LABEL,
            description="Label expression of the build's agent; default: any agent.",
            examples=("linux && docker",),
        ),
    ] = None
    docker: Annotated[
        bool,
        Setting(
            description="Run each step in a container of its environment's image, on the build's agent (Docker Pipeline "
            "plugin); a step whose environment names no image runs on the agent itself."
        ),
    ] = False
    kubernetes: Annotated[
        Kubernetes | None,
        Setting(
            description="Run each step in a pod of its own, with its environment's image and its resources (Kubernetes plugin); "
            "needs a store that all pods reach."
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JenkinsOptions:
    """`targets.jenkins`: how the lifecycle becomes a declarative pipeline."""

    agent: Annotated[Agent, Setting(description="Where the build runs.")] = Agent()
    project: Annotated[
        str,
        Setting(
            pattern=r"^[^/]",
            description="Folder of the spec in the repository; steps run there. Default: the top of the repository.",
        ),
    ] = "."
    cache: Cache = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JenkinsStep:
    """`x-jenkins` on a step."""

    label: Annotated[
        str | None,
        Setting(
            min_length=1,
            max_length=MAX_LABEL,
            description="Label expression of an agent for this step alone; needs a store that both agents reach.",
            examples=("gpu",),
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JenkinsSecret:
    """A secret text in Jenkins' credentials."""

    credentials: Annotated[str, Setting(description="The credentials id.", examples=("mlflow-token",), blank=False)]


def options_of(plan: Plan) -> JenkinsOptions:
    """The spec's `targets.jenkins`."""
    return read(JenkinsOptions, plan.target_options.get("jenkins", {}))


def extension_of(step: Step) -> JenkinsStep:
    """The step's `x-jenkins`."""
    extension = step.extensions.get("jenkins")
    return read(JenkinsStep, extension) if extension else _NOTHING


def jenkins_form(secret: Secret) -> JenkinsSecret | None:
    """Where Jenkins has the secret; None where the spec does not say."""
    return form_of(secret, "jenkins", JenkinsSecret)


_NOTHING = JenkinsStep()
