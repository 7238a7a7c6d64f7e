"""The object that mlspec sees.

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
from mlspec.targets.secret_forms import KUBERNETES, KubernetesSecret
from mlspec_argo.capabilities import CAPABILITIES
from mlspec_argo.options import ArgoOptions, ArgoStep


class ArgoTarget(Target):
    """Compiles plans to Argo Workflows."""

    name = "argo"
    summary = "Argo Workflows: a Workflow, one task of its DAG for each step"
    capabilities = CAPABILITIES
    options = ArgoOptions
    extension = ArgoStep
    step_hints = MappingProxyType({"priority_class": "write it under `x-argo`"})
    secret_forms = MappingProxyType({KUBERNETES: KubernetesSecret})
    catalogue = Path(__file__).parent / "catalogue"

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec_argo.findings import check

        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to `<lifecycle>.yaml`."""
        from mlspec_argo.emit import emit

        return emit(plan)


TARGET: Final[Target] = ArgoTarget()
