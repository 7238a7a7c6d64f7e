"""The object that the compiler sees.

In: a `Plan`. Out: findings, files. Owns nothing but the wiring to the `Target` protocol; never does the work itself.
Imports what checks and emits only when asked for it. Change it when the protocol changes.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Final

from mlspec.diagnostics import Diagnostic
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile, Target
from mlspec.targets.kubeflow.capabilities import CAPABILITIES
from mlspec.targets.kubeflow.options import KubeflowOptions, KubeflowStep
from mlspec.targets.secret_forms import KUBERNETES, KubernetesSecret


class KubeflowTarget(Target):
    """Compiles plans to Kubeflow Pipelines."""

    name = "kubeflow"
    summary = "Kubeflow Pipelines: PipelineSpec IR, one task for each step"
    capabilities = CAPABILITIES
    options = KubeflowOptions
    extension = KubeflowStep
    step_hints = MappingProxyType(
        {
            "node_selector": "write it under `x-kubeflow`",
            "nodeselector": "write `x-kubeflow: {node_selector: …}`",
            "tolerations": "write it under `x-kubeflow`",
        }
    )
    secret_forms = MappingProxyType({KUBERNETES: KubernetesSecret})
    catalogue = Path(__file__).parent / "catalogue"
    review_limits = MappingProxyType({"default": 2, "renaming": 30, "setting": 1, "description": 1, "needs": 1})

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.kubeflow.findings import check

        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to `<lifecycle>.yaml`."""
        from mlspec.targets.kubeflow.emit import emit

        return emit(plan)


TARGET: Final[Target] = KubeflowTarget()
