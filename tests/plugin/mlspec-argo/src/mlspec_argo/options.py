"""What a spec may say of Argo alone: `targets.argo`, and `x-argo` on a step.

In: JSON of the plan. Out: frozen dataclasses. Owns the names, defaults and descriptions of these options; never emits. Patterns let
nothing through that Argo would expand. Change it when the generated file can do something more that only Argo has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from mlspec.ir.model import Plan, Step
from mlspec.targets.options import Setting, read

_NAME: Final = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
"""Of an object of Kubernetes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoOptions:
    """`targets.argo`: how the lifecycle becomes a Workflow."""

    image: Annotated[
        str | None,
        Setting(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$",
            description="The image of all steps; it has mlspec, the project and what the steps need.",
            examples=("ghcr.io/acme/credit-ml:1.4.2",),
        ),
    ] = None
    namespace: Annotated[
        str | None,
        Setting(pattern=_NAME, description="Namespace of the Workflow; default: that of whoever submits it.", examples=("ml",)),
    ] = None
    service_account: Annotated[
        str | None,
        Setting(
            pattern=_NAME, description="Service account of the pods; default: the namespace's.", examples=("pipeline-runner",)
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoStep:
    """`x-argo` on a step."""

    deadline: Annotated[
        int | None,
        Setting(
            exclusive_minimum=0,
            description="Seconds after which Argo ends the step's pod; more than the image's pull and all attempts.",
            examples=(7200,),
        ),
    ] = None
    priority_class: Annotated[
        str | None, Setting(pattern=_NAME, description="Priority class of the step's pod.", examples=("training",))
    ] = None


def options_of(plan: Plan) -> ArgoOptions:
    """The spec's `targets.argo`."""
    return read(ArgoOptions, plan.target_options.get("argo", {}))


def extension_of(step: Step) -> ArgoStep:
    """The step's `x-argo`."""
    return read(ArgoStep, step.extensions.get("argo", {}))
