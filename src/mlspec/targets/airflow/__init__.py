"""Apache Airflow: a plan becomes one DAG file whose tasks each start a step process.

`options.py` what a spec may say of Airflow alone · `capabilities.py` what Airflow does, and how · `findings.py` what the
table cannot express · `emit.py` plan → `dag.py`, which makes a `view.py` → `templates/airflow/` → a sealed file · `tasks.py`
what a step becomes · `process.py` the options of its process · `literals.py` all escaping into Python.
To support another feature: say how in `capabilities.py`, emit it, and add a real run to `tests/targets/airflow/`.
"""

from mlspec.targets.airflow.target import TARGET

__all__ = ["TARGET"]
