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
from mlspec.targets.airflow.capabilities import CAPABILITIES
from mlspec.targets.airflow.options import AirflowOptions, AirflowSecret, AirflowStepOptions
from mlspec.targets.base import GeneratedFile, Target
from mlspec.targets.secret_forms import KUBERNETES, KubernetesSecret


class AirflowTarget(Target):
    """Compiles plans to Airflow DAG files."""

    name = "airflow"
    summary = "Apache Airflow 3 (and 2.11): one DAG file, a task for each step"
    capabilities = CAPABILITIES
    has_names = True
    name_option = "dag_id"
    options = AirflowOptions
    extension = AirflowStepOptions
    step_hints = MappingProxyType(dict.fromkeys(("pool", "queue"), "write it under `x-airflow`"))
    secret_forms = MappingProxyType({KUBERNETES: KubernetesSecret, "airflow": AirflowSecret})
    catalogue = Path(__file__).parent / "catalogue"
    review_limits = MappingProxyType({"default": 1, "renaming": 7, "setting": 1, "needs": 1})

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.airflow.findings import check

        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to the DAG file."""
        from mlspec.targets.airflow.emit import emit

        return emit(plan)


TARGET: Final[Target] = AirflowTarget()
