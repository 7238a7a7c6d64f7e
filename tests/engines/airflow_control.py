"""What the web server of Airflow 2.11 does when people press its buttons, on the database of a running deployment.

In: JSON lines on standard input. Out: JSON lines on what was standard output. Owns which functions of Airflow are behind a button;
never starts a task, which the scheduler does. Started by `airflow_scheduler.py`. Change it when a test presses something new.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": COMMANDS[request["command"]](**request["arguments"])}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def dags() -> list[str]:
    from airflow.models.dag import DagModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        known = {dag for (dag,) in session.query(DagModel.dag_id).filter(DagModel.is_active)}
        return [dag for (dag,) in session.query(SerializedDagModel.dag_id) if dag in known]


def errors() -> list[str]:
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session

    with create_session() as session:
        return [error.stacktrace for error in session.query(ParseImportError)]


def _dag(dag: str) -> Any:
    from airflow.models.serialized_dag import SerializedDagModel

    return SerializedDagModel.get(dag).dag


def trigger(dag: str, params: dict[str, Any]) -> str:
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.utils import timezone

    now = timezone.utcnow()
    made = trigger_dag(dag, run_id=f"manual__{now.isoformat()}", conf=params, execution_date=now, replace_microseconds=False)
    return str(made.run_id)


def _run(dag: str, run: str) -> Any:
    from airflow.models.dagrun import DagRun

    [found] = DagRun.find(dag_id=dag, run_id=run)
    return found


def state(dag: str, run: str) -> str:
    return str(_run(dag, run).state)


def tasks(dag: str, run: str) -> dict[str, str]:
    return {
        f"{one.task_id}[{one.map_index}]" if one.map_index >= 0 else one.task_id: str(one.state)
        for one in _run(dag, run).get_task_instances()
    }


def clear(dag: str, run: str, tasks: list[str] | None, failed: bool, downstream: bool) -> None:
    whole = _dag(dag)
    part = whole.partial_subset(tasks, include_downstream=downstream, include_upstream=False) if tasks else whole
    date = _run(dag, run).execution_date
    part.clear(start_date=date, end_date=date, only_failed=failed)


def mark_run(dag: str, run: str, state: str) -> None:
    from airflow.api.common import mark_tasks

    mark = {"success": mark_tasks.set_dag_run_state_to_success, "failed": mark_tasks.set_dag_run_state_to_failed}[state]
    mark(dag=_dag(dag), run_id=run, commit=True)


def mark_task(dag: str, run: str, task: str, state: str) -> None:
    from airflow.utils.state import TaskInstanceState

    _dag(dag).set_task_instance_state(task_id=task, run_id=run, state=TaskInstanceState(state))


COMMANDS = {
    "dags": dags,
    "errors": errors,
    "trigger": trigger,
    "state": state,
    "tasks": tasks,
    "clear": clear,
    "mark_run": mark_run,
    "mark_task": mark_task,
}

if __name__ == "__main__":
    main()
