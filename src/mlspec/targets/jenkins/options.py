"""What a spec may say of Jenkins alone: `targets.jenkins`, a step's `x-jenkins`, and `jenkins:` of a secret.

In: JSON of the plan. Out: frozen dataclasses. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Change it when the generated file can do something that only Jenkins has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from mlspec.ir.declarations import Secret
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins.native import NAME, NO_POST, Post
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
    pod: Annotated[
        dict[str, Any],
        Setting(
            keys="^[a-z][A-Za-z]*$",
            description="More of the pods' spec, in Kubernetes' own words and handed on as it is; not the containers, nor what has an "
            "option of its own.",
            examples=({"tolerations": [{"key": "gpu", "operator": "Exists"}], "priorityClassName": "training"},),
        ),
    ] = field(default_factory=dict)


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
    args: Annotated[
        str | None,
        Setting(
            min_length=1,
            description="With `docker: true`: more options of `docker run`, handed on as they are.",
            examples=("--shm-size 8g -v /cache:/cache",),
        ),
    ] = None
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
            examples=("services/credit",),
        ),
    ] = "."
    cache: Cache = False
    concurrent_builds: Annotated[
        bool, Setting(description="Whether builds of the job may run side by side; otherwise one waits for the other.")
    ] = False
    keep_builds: Annotated[
        int,
        Setting(
            minimum=0,
            description="How many builds Jenkins keeps; 0: all of them, or what it is told elsewhere.",
            examples=(200,),
        ),
    ] = 100
    timestamps: Annotated[bool, Setting(description="Show the time of each line of the console (Timestamper plugin).")] = True
    timeout: Annotated[
        float | None,
        Setting(
            duration=True,
            description="How long a whole build may take, approvals included; `finally` steps have a minute more. Default: for ever.",
            examples=("6h",),
        ),
    ] = None
    archive: Annotated[
        bool,
        Setting(
            description="Show reports and metrics on the page of the build, where the store is a folder in the workspace of its agent."
        ),
    ] = True
    options: Annotated[
        dict[str, Any],
        Setting(
            keys=NAME,
            description="Options of the job that only Jenkins has, handed on as they are: a name and its argument, a mapping of named "
            "ones, a list of several, or {} for none.",
            examples=({"quietPeriod": 30, "rateLimitBuilds": {"throttle": {"count": 1, "durationName": "hour"}}},),
        ),
    ] = field(default_factory=dict)
    post: Annotated[Post, Setting(description="What Jenkins does after all stages, by the result.")] = NO_POST


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
    """Jenkins' credentials: a secret text, a secret file, or a user name with a password, by the secret's kind."""

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
