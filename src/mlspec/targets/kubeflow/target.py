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
from mlspec.targets.pods import NAMES
from mlspec.targets.secret_forms import KUBERNETES, KubernetesSecret


class KubeflowTarget(Target):
    """Compiles plans to Kubeflow Pipelines."""

    name = "kubeflow"
    summary = "Kubeflow Pipelines: PipelineSpec IR, one task for each step"
    capabilities = CAPABILITIES
    has_names = True
    options = KubeflowOptions
    extension = KubeflowStep
    step_hints = MappingProxyType(
        {
            **dict.fromkeys(NAMES, "write it under `x-kubeflow`, or `x-airflow`"),
            "nodeselector": "write `x-kubeflow: {node_selector: …}`",
            "affinity": "write `x-kubeflow: {node_affinity: …}`",
        }
    )
    secret_forms = MappingProxyType({KUBERNETES: KubernetesSecret})
    catalogue = Path(__file__).parent / "catalogue"
    review_limits = MappingProxyType({"default": 1, "renaming": 30, "setting": 1, "description": 1, "needs": 2})

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.kubeflow.findings import check

        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to `<lifecycle>.yaml`."""
        from mlspec.targets.kubeflow.emit import emit

        return emit(plan)


TARGET: Final[Target] = KubeflowTarget()
