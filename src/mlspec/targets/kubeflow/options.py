"""What a spec may say to this target: `targets.kubeflow`, and `x-kubeflow` on a step.

In: JSON of the plan. Out: frozen dataclasses. Owns the names, defaults and descriptions of these options; never
reads a spec. Change it when the target learns an option.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Cache, Setting, read
from mlspec.targets.pods import NOTHING, Pod

DEFAULT_IMAGE = "python:3.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeflowOptions:
    """`targets.kubeflow`: how the lifecycle becomes a pipeline of KFP."""

    pipeline_root: Annotated[str | None, Setting(description="Where KFP keeps artifacts.", examples=("s3://acme/kfp",))] = None
    service_account: Annotated[
        str | None,
        Setting(description="The Kubernetes service account that `mlspec submit` runs as.", examples=("pipeline-runner",)),
    ] = None
    image: Annotated[
        str | None,
        Setting(description="The image of steps whose environment names none; must hold mlspec.", examples=("python:3.11",)),
    ] = None
    pods: Annotated[Pod, Setting(description="What the pods of all steps have; `x-kubeflow` of a step comes over it.")] = (
        NOTHING
    )
    cache: Cache = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeflowStep(Pod):
    """`x-kubeflow` on a step."""


def options_of(plan: Plan) -> KubeflowOptions:
    """The spec's `targets.kubeflow`."""
    return read(KubeflowOptions, plan.target_options.get("kubeflow", {}))


def extension_of(step: Step) -> Pod:
    """The step's `x-kubeflow`."""
    extension = step.extensions.get("kubeflow")
    return read(KubeflowStep, extension) if extension else NOTHING
