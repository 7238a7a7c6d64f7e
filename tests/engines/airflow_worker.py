"""Runs DAG files on a real Airflow, one after the other, in a process of its own.

In: JSON lines on standard input. Out: JSON lines on what was standard output; everything else goes to standard error.
Owns the import of Airflow, which costs seconds, and its database. Started by `airflow.py` with AIRFLOW_HOME set.
Change it when Airflow moves what it imports.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from pathlib import Path
from threading import Event, Thread
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Airflow and the tasks log to standard output
    warnings.simplefilter("ignore")  # 2.11 warns of itself
    from airflow.utils.db import initdb

    initdb()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        before = dict(os.environ)
        os.environ.update(request["environment"])
        try:
            answer = COMMANDS[request["command"]](**request["arguments"])
        except Exception:
            answer = {"error": traceback.format_exc()}
        os.environ.clear()
        os.environ.update(before)
        print(json.dumps(answer), file=answers, flush=True)


def load(file: str) -> dict[str, Any]:
    """What Airflow's own loader makes of a DAG file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag = _bag(file)
    return {
        "errors": list(bag.import_errors.values()),
        "warnings": [str(warning.message) for warning in caught if warning.filename == file],
        "dags": {dag_id: _described(dag) for dag_id, dag in bag.dags.items()},
    }


def _described(dag: Any) -> dict[str, Any]:
    from airflow.serialization import serialized_objects

    # Airflow 2 calls it SerializedDAG, a name that means what a scheduler reads in Airflow 3.
    serializer = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
    serializer.serialize_dag(dag)
    return {
        "doc_md": dag.doc_md,
        "tags": sorted(dag.tags),
        "timezone": str(dag.timezone),
        "catchup": dag.catchup,
        "start_date": dag.start_date.isoformat() if dag.start_date else None,
        "crons": [
            getattr(each, "expression", None) or getattr(each, "_expression", None)
            for each in getattr(dag.timetable, "timetables", None) or getattr(dag.timetable, "_timetables", [])
        ],
        "max_active_runs": dag.max_active_runs,
        "cron": getattr(dag.timetable, "expression", None) or getattr(dag.timetable, "_expression", None),
        "defaults": dag.params.dump(),
        "schemas": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {
            task.task_id: {
                "upstream": sorted(task.upstream_task_ids),
                "command": _command(task),
                "owner": task.owner,
                "pool": task.pool,
                "queue": task.queue,
                "retries": task.retries,
                "parallel": task.max_active_tis_per_dagrun,
                "doc_md": task.doc_md,
                "teardown": task.is_teardown,
            }
            for task in dag.tasks
        },
    }


def _command(task: Any) -> Any:
    """What an operator starts, its templates rendered; None for one that starts nothing, or is mapped."""
    names = {"BashOperator": "bash_command", "DockerOperator": "command", "KubernetesPodOperator": "arguments"}
    name = names.get(type(task).__name__)
    return task.render_template(getattr(task, name), {}) if name else None


def pods(file: str) -> dict[str, Any]:
    """The pods that tasks would ask Kubernetes for, as its API reads them."""
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from kubernetes.client import ApiClient

    [dag] = _bag(file).dags.values()
    made = {}
    for task in dag.tasks:
        if isinstance(task, KubernetesPodOperator):
            task.arguments = task.render_template(task.arguments, {})
            made[task.task_id] = ApiClient().sanitize_for_serialization(task.build_pod_request_obj())
    return {"pods": made}


def statuses(file: str, task: str, codes: list[int | None]) -> dict[str, Any]:
    """What each exit status of a process makes of a task: `skip`, another try, or the exception that its operator raises for it."""
    [dag] = _bag(file).dags.values()
    found = []
    for code in codes:
        try:
            # As the operators for processes, containers and pods all ask, before they raise what Airflow tries again.
            found.append("skip" if code in dag.get_task(task).skip_on_exit_code else "again")
        except Exception as error:
            found.append(type(error).__name__)
    return {"found": found}


def scheduled(file: str, start: str, template: str) -> dict[str, Any]:
    """When the timetable of a DAG fires for the first time after `start`, and what a template of that run comes to."""
    import pendulum
    from airflow.models.dagrun import DagRun
    from airflow.serialization import serialized_objects
    from airflow.timetables.base import TimeRestriction

    [dag] = _bag(file).dags.values()
    serializer = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG
    read = serializer.from_dict(serializer.to_dict(dag))
    restriction = TimeRestriction(pendulum.parse(start), None, catchup=True)
    info = read.timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    name = "logical_date" if hasattr(DagRun, "run_after") else "execution_date"
    given = {name: info.logical_date, "data_interval": info.data_interval}
    run = DagRun(dag_id=dag.dag_id, run_id="scheduled__1", run_type="scheduled", **given)
    task = dag.tasks[0]
    text = task.render_template(template, {"dag_run": run})
    return {"fires": info.run_after.isoformat(), "text": text}


def signatures() -> dict[str, Any]:
    """The arguments that a DAG and the operators of steps take, those of their base among them."""
    import inspect

    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from airflow.providers.docker.operators.docker import DockerOperator
    from airflow.providers.standard.operators.bash import BashOperator

    try:
        from airflow.sdk import DAG, BaseOperator
    except ImportError:
        from airflow.models.baseoperator import BaseOperator
        from airflow.models.dag import DAG

    kinds = {"dag": DAG, "base": BaseOperator, "bash": BashOperator, "docker": DockerOperator}
    kinds["kubernetes"] = KubernetesPodOperator
    return {name: list(inspect.signature(kind.__init__).parameters) for name, kind in kinds.items()}


def test(file: str, params: dict[str, Any], answers: dict[str, str], date: str | None = None) -> dict[str, Any]:
    """Run the one DAG of a file to its end; `answers` are what a person chooses, by task id."""
    bag = _bag(file)
    if bag.import_errors:
        return {"error": "\n".join(bag.import_errors.values())}
    [dag] = bag.dags.values()
    ended = Event()
    asked: dict[str, Any] = {}
    person = Thread(target=_answer, args=(dag.dag_id, answers, ended, asked))
    if answers:
        person.start()
    try:
        run = dag.test(run_conf=params, **_dated(dag, date))
    finally:
        ended.set()
        if answers:
            person.join()
    states = {
        f"{instance.task_id}[{instance.map_index}]" if instance.map_index >= 0 else instance.task_id: str(instance.state)
        for instance in run.get_task_instances()
    }
    return {"state": str(run.state), "run_id": run.run_id, "tasks": states, "asked": asked}


def _dated(dag: Any, date: str | None) -> dict[str, Any]:
    """The argument that gives a run its logical date, which Airflow 2 calls otherwise."""
    import datetime
    import inspect

    if date is None:
        return {}
    names = inspect.signature(dag.test).parameters
    return {"logical_date" if "logical_date" in names else "execution_date": datetime.datetime.fromisoformat(date)}


def _answer(dag_id: str, answers: dict[str, str], ended: Event, asked: dict[str, Any]) -> None:
    """Answer by Airflow's own API, as its page of required actions does, whatever the run waits for; note what it shows."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app(apps="core")) as client:
        token = client.get("/auth/token").json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        waiting = dict(answers)
        while waiting and not ended.wait(0.2):
            details = client.get(f"/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails", params={"response_received": False}).json()
            for detail in details["hitl_details"]:
                task = detail["task_instance"]
                if task["state"] == "awaiting_input" and (choice := waiting.pop(task["task_id"], None)):
                    asked[task["task_id"]] = [detail["subject"], detail["body"]]
                    place = f"/api/v2/dags/{dag_id}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/-1"
                    done = client.patch(f"{place}/hitlDetails", json={"chosen_options": [choice], "params_input": {}})
                    done.raise_for_status()


def render(template: str, params: dict[str, Any]) -> dict[str, Any]:
    """What Airflow's own Jinja environment makes of a template."""
    from airflow.providers.common.compat.sdk import BaseOperator

    try:
        from airflow.sdk.execution_time import macros
    except ImportError:
        from airflow import macros
    operator = BaseOperator(task_id="render")
    return {"text": operator.render_template(template, {"params": params, "macros": macros})}


def _bag(file: str) -> Any:
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag

        bag = DagBag(dag_folder=file, include_examples=False)
        bag.sync_to_db()
        return bag
    return DagBag(dag_folder=Path(file), bundle_path=Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]))


COMMANDS = {
    "load": load,
    "pods": pods,
    "statuses": statuses,
    "test": test,
    "render": render,
    "scheduled": scheduled,
    "signatures": signatures,
}

if __name__ == "__main__":
    main()
