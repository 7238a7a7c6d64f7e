"""The target object that `mlspec.targets` finds by its entry point.

In: a `Plan`. Out: `GeneratedFile`s and findings. Owns nothing but the assembly of this package into the `Target`
protocol; never decides anything itself. Change it when the protocol changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from mlspec.diagnostics import Diagnostic
from mlspec.ir.features import Feature
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile, Support, Target
from mlspec.targets.kubeflow.capabilities import CAPABILITIES
from mlspec.targets.kubeflow.emit import emit
from mlspec.targets.kubeflow.findings import findings
from mlspec.targets.kubeflow.options import KubeflowOptions, KubeflowStep


class KubeflowTarget:
    """Kubeflow Pipelines."""

    name: Final = "kubeflow"
    summary: Final = "Kubeflow Pipelines: PipelineSpec IR, one task for each step"
    capabilities: Final[Mapping[Feature, Support]] = CAPABILITIES
    options: Final[type[BaseModel]] = KubeflowOptions
    extension: Final[type[BaseModel] | None] = KubeflowStep

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        return findings(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to `<lifecycle>.yaml`."""
        return emit(plan)


TARGET: Final[Target] = KubeflowTarget()
