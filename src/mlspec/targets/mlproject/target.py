"""The object that the compiler sees.

In: a `Plan`. Out: findings, files. Owns nothing but the wiring to the `Target` protocol; never does the work itself.
Imports pydantic and Jinja only when asked for them. Change it when the protocol changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlspec.diagnostics import Diagnostic
from mlspec.ir.features import Feature
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile, Support, Target
from mlspec.targets.mlproject.capabilities import CAPABILITIES

if TYPE_CHECKING:
    from pydantic import BaseModel


class MlprojectTarget:
    """Compiles plans to MLflow Projects."""

    name = "mlproject"
    summary = "an MLflow Project: one entry point for the whole lifecycle, one for each step"
    extension = None

    @property
    def capabilities(self) -> Mapping[Feature, Support]:
        """How each feature is done."""
        return CAPABILITIES

    @property
    def options(self) -> type[BaseModel]:
        """`targets.mlproject`."""
        from mlspec.targets.mlproject.options import MlprojectOptions

        return MlprojectOptions

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.mlproject.findings import check

        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to the files of the project."""
        from mlspec.targets.mlproject.emit import emit

        return emit(plan)


TARGET: Target = MlprojectTarget()
