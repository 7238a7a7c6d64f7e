"""Apache Airflow: a plan becomes one DAG file whose tasks each start a step process.

`options.py` what a spec may say of Airflow alone · `capabilities.py` what Airflow does, and how · `check.py` what the
table cannot express · `emit.py` and `templates/airflow/` the file · `literals.py` all escaping into Python.
To support another feature: say how in `capabilities.py`, emit it, and add a real run to `tests/targets/airflow/`.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.diagnostics import Diagnostic
from mlspec.ir.features import Feature
from mlspec.ir.model import Plan
from mlspec.targets.airflow.capabilities import CAPABILITIES
from mlspec.targets.airflow.emit import emit
from mlspec.targets.airflow.findings import check
from mlspec.targets.airflow.options import AirflowOptions, AirflowStepOptions
from mlspec.targets.base import GeneratedFile, Support

__all__ = ["TARGET"]


class AirflowTarget:
    """The `airflow` target; see `mlspec.targets.base.Target`."""

    name = "airflow"
    summary = "Apache Airflow 3 (and 2.11): one DAG file, a task for each step"
    capabilities: Mapping[Feature, Support] = CAPABILITIES
    options = AirflowOptions
    extension = AirflowStepOptions

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        return check(plan)

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to the DAG file."""
        return emit(plan)


TARGET = AirflowTarget()
