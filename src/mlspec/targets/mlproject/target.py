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
from mlspec.targets.mlproject.capabilities import CAPABILITIES
from mlspec.targets.mlproject.options import MlprojectOptions


class MlprojectTarget(Target):
    """Compiles plans to MLflow Projects."""

    name = "mlproject"
    summary = "an MLflow Project: one entry point for the whole lifecycle, one for each step"
    capabilities = CAPABILITIES
    one_a_folder = True
    options = MlprojectOptions
    catalogue = Path(__file__).parent / "catalogue"
    review_limits = MappingProxyType({"default": 1, "renaming": 2, "setting": 1, "description": 1, "needs": 1})

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.mlproject.findings import check

        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to the files of the project."""
        from mlspec.targets.mlproject.emit import emit

        return emit(plan)


TARGET: Final[Target] = MlprojectTarget()
