"""Compile a plan to one DAG file.

In: a `Plan` that passed the target's checks. Out: one `GeneratedFile` whose text is already formatted.
Owns the file's name and nothing else: `dag` makes the view, `templates/airflow/` its text. Never imports Airflow.
Change it when a plan becomes more than one file.
"""

from __future__ import annotations

from mlspec.emission.templates import template
from mlspec.ir.model import Plan
from mlspec.targets.airflow.dag import dag_view
from mlspec.targets.base import GeneratedFile, sealed


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return the DAG file, named after the lifecycle and its profile."""
    body = template("airflow", "dag.py.j2").render(view=dag_view(plan))
    stem = plan.stem((plan.base or plan.lifecycle).replace("-", "_"))
    return [GeneratedFile(f"{stem}.py", sealed(plan, "airflow", body))]
