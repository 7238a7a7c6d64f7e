"""What a spec may say of Jenkins alone: `targets.jenkins` and a step's `x-jenkins`.

In: plain JSON from the plan. Out: pydantic models. Owns the names, defaults and descriptions that the JSON Schema shows;
never emits. Change it when the generated file can do something that only Jenkins has.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Cache

Label = Annotated[str, Field(min_length=1, max_length=250)]


ServiceAccount = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]


class Kubernetes(BaseModel):
    """`targets.jenkins.agent.kubernetes`: the pods that steps run in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="Image of steps whose environment names none, gates and approvals among them; it has mlspec.",
        examples=["ghcr.io/acme/credit-ml:1.4.2"],
    )
    cloud: Label | None = Field(
        None, description="Name of the cloud in the controller's configuration; default: kubernetes.", examples=["training"]
    )
    namespace: Label | None = Field(None, description="Namespace of the pods; default: the cloud's.", examples=["ml"])
    service_account: ServiceAccount | None = Field(
        None, description="Service account of the pods; default: the namespace's.", examples=["pipeline-runner"]
    )


class Agent(BaseModel):
    """`targets.jenkins.agent`: where the build runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Label | None = Field(
        None, description="Label expression of the build's agent; default: any agent.", examples=["linux && docker"]
    )
    docker: bool = Field(
        False,
        description="Run each step in a container of its environment's image, on the build's agent (Docker Pipeline "
        "plugin); a step whose environment names no image runs on the agent itself.",
    )
    kubernetes: Kubernetes | None = Field(
        None,
        description="Run each step in a pod of its own, with its environment's image and its resources (Kubernetes plugin); "
        "needs a store that all pods reach.",
    )


class JenkinsOptions(BaseModel):
    """`targets.jenkins`: how the lifecycle becomes a declarative pipeline."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: Agent = Field(Agent(), description="Where the build runs.")
    project: str = Field(
        ".",
        pattern=r"^[^/]",
        description="Folder of the spec in the repository; steps run there. Default: the top of the repository.",
    )
    cache: Cache = False


class JenkinsStep(BaseModel):
    """`x-jenkins` on a step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Label | None = Field(
        None,
        description="Label expression of an agent for this step alone; needs a store that both agents reach.",
        examples=["gpu"],
    )


def options_of(plan: Plan) -> JenkinsOptions:
    """Return the plan's options for this target; raises `pydantic.ValidationError` when they are ill-formed."""
    return JenkinsOptions.model_validate(dict(plan.target_options.get("jenkins", {})))


def extension_of(step: Step) -> JenkinsStep:
    """Return the step's `x-jenkins`; raises `pydantic.ValidationError` when it is ill-formed."""
    extension = step.extensions.get("jenkins")
    return JenkinsStep.model_validate(dict(extension)) if extension else _NOTHING


_NOTHING = JenkinsStep(label=None)
