"""What a spec may say to this target: `targets.kubeflow`, and `x-kubeflow` on a step.

In: plain JSON from the plan. Out: pydantic models. Owns the names, defaults and descriptions of these options; never
reads a spec. Change it when the target learns an option.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mlspec.ir.bodies import Gate
from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Cache

DEFAULT_IMAGE = "python:3.11"


class KubeflowOptions(BaseModel):
    """`targets.kubeflow`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipeline_root: str | None = Field(None, description="Where KFP keeps artifacts.", examples=["s3://acme/kfp"])
    service_account: str | None = Field(
        None, description="The Kubernetes service account that `mlspec submit` runs as.", examples=["pipeline-runner"]
    )
    image: str | None = Field(
        None, description="The image of steps whose environment names none; must hold mlspec.", examples=["python:3.11"]
    )
    cache: Cache = False


class Toleration(BaseModel):
    """A Kubernetes toleration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = Field(None, description="The taint's key; none matches every key.", examples=["gpu"])
    operator: Literal["Equal", "Exists"] = Field("Equal", description="How `value` is compared.")
    value: str | None = Field(None, description="The taint's value; none with `Exists`.", examples=["true"])
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="The taint's effect; none matches every effect."
    )


class KubeflowStep(BaseModel):
    """`x-kubeflow` on a step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    node_selector: dict[str, str] = Field(
        default_factory=dict, description="Labels that the step's node must have.", examples=[{"disk": "ssd"}]
    )
    tolerations: tuple[Toleration, ...] = Field(
        (), description="Taints that the step's pod tolerates.", examples=[[{"key": "gpu", "operator": "Exists"}]]
    )
    deadline: int | None = Field(
        None,
        gt=0,
        description="Seconds after which Kubernetes ends the step's pod; more than the image's pull and all attempts.",
        examples=[7200],
    )
    gpu_resource: str = Field("nvidia.com/gpu", description="The resource that `resources.gpu` counts.")


def options_of(plan: Plan) -> KubeflowOptions:
    """Return the plan's options for this target; raises `pydantic.ValidationError` when they are ill-formed."""
    return KubeflowOptions.model_validate(dict(plan.target_options.get("kubeflow", {})))


def extension_of(step: Step) -> KubeflowStep:
    """Return the step's `x-kubeflow`; raises `pydantic.ValidationError` when it is ill-formed."""
    extension = step.extensions.get("kubeflow")
    return KubeflowStep.model_validate(dict(extension)) if extension else _NOTHING


def image_of(plan: Plan, step: Step, options: KubeflowOptions) -> str | None:
    """The image that the spec gives the step: its environment's, else the target's own; None when it gives none.

    A gate, which has no environment, runs in the image of the nearest step above it.
    """
    if (own := _own_image(plan, step)) or options.image or not isinstance(step.body, Gate):
        return own or options.image
    line, seen = deque(step.upstream), set(step.upstream)
    while line:
        above = plan.by_id[line.popleft()]
        if image := _own_image(plan, above):
            return image
        line.extend(step_id for step_id in above.upstream if step_id not in seen)
        seen.update(above.upstream)
    return None


def _own_image(plan: Plan, step: Step) -> str | None:
    environment = plan.environments.get(step.environment) if step.environment else None
    return environment.image if environment else None


_NOTHING = KubeflowStep()
