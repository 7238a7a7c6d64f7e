"""What a spec may say to this target: `targets.kubeflow`, and `x-kubeflow` on a step.

In: JSON of the plan. Out: frozen dataclasses. Owns the names, defaults and descriptions of these options; never
reads a spec. Change it when the target learns an option.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Cache, Setting, read

DEFAULT_IMAGE = "python:3.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeflowOptions:
    """`targets.kubeflow`."""

    pipeline_root: Annotated[str | None, Setting(description="Where KFP keeps artifacts.", examples=("s3://acme/kfp",))] = None
    service_account: Annotated[
        str | None,
        Setting(description="The Kubernetes service account that `mlspec submit` runs as.", examples=("pipeline-runner",)),
    ] = None
    image: Annotated[
        str | None,
        Setting(description="The image of steps whose environment names none; must hold mlspec.", examples=("python:3.11",)),
    ] = None
    cache: Cache = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """A Kubernetes toleration."""

    key: Annotated[str | None, Setting(description="The taint's key; none matches every key.", examples=("gpu",))] = None
    operator: Annotated[Literal["Equal", "Exists"], Setting(description="How `value` is compared.")] = "Equal"
    value: Annotated[str | None, Setting(description="The taint's value; none with `Exists`.", examples=("true",))] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Setting(description="The taint's effect; none matches every effect."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeflowStep:
    """`x-kubeflow` on a step."""

    node_selector: Annotated[
        dict[str, str], Setting(description="Labels that the step's node must have.", examples=({"disk": "ssd"},))
    ] = field(default_factory=dict)
    tolerations: Annotated[
        tuple[Toleration, ...],
        Setting(description="Taints that the step's pod tolerates.", examples=([{"key": "gpu", "operator": "Exists"}],)),
    ] = ()
    deadline: Annotated[
        int | None,
        Setting(
            exclusive_minimum=0,
            description="Seconds after which Kubernetes ends the step's pod; more than the image's pull and all attempts.",
            examples=(7200,),
        ),
    ] = None
    gpu_resource: Annotated[str, Setting(description="The resource that `resources.gpu` counts.")] = "nvidia.com/gpu"


def options_of(plan: Plan) -> KubeflowOptions:
    """The spec's `targets.kubeflow`."""
    return read(KubeflowOptions, plan.target_options.get("kubeflow", {}))


def extension_of(step: Step) -> KubeflowStep:
    """The step's `x-kubeflow`."""
    extension = step.extensions.get("kubeflow")
    return read(KubeflowStep, extension) if extension else _NOTHING


_NOTHING = KubeflowStep()
