"""One deployment of Airflow under its own scheduler: what a team runs, on this machine.

In: projects with their DAG files, and what people press. Out: runs and the states of their tasks, in Airflow's words. Owns the processes of
one deployment (SQLite, LocalExecutor, a port of its own), which it starts once and ends by their group; never asserts.
Change it when a test presses something new.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any, Protocol, cast

from mlspec.targets.base import GeneratedFile

LIMIT = 300.0
"""Seconds in which anything ends, on a machine that is busy with other things."""
STARTS = 3
"""How often a deployment is started that does not come up."""
PAUSE = 0.3
DATABASE = "airflow.db"
CONTROL = Path(__file__).with_name("airflow_control.py")
ENDED = ("success", "failed")

State = dict[str, str]
"""The state of each task; of a mapped one, `task[index]`."""


class Scheduled(Protocol):
    """A deployment, of any version of Airflow."""

    def trigger(self, dag: str, params: Mapping[str, Any]) -> str:
        """Start a run; returns its id."""

    def state(self, dag: str, run: str) -> str:
        """The state of a run."""

    def tasks(self, dag: str, run: str) -> State:
        """The state of each of its tasks."""

    def clear(
        self, dag: str, run: str, tasks: Sequence[str] | None = None, *, failed: bool = False, downstream: bool = False
    ) -> None:
        """Clear tasks of a run, all of them unless they are named."""

    def mark_run(self, dag: str, run: str, state: str) -> None:
        """Mark a run."""

    def mark_task(self, dag: str, run: str, task: str, state: str) -> None:
        """Mark a task."""

    def close(self) -> None:
        """End it."""


def ended(airflow: Scheduled, dag: str, run: str) -> str:
    """Wait for the end of a run; returns its state."""
    return awaited(lambda: (state := airflow.state(dag, run)) in ENDED and state, lambda: str(airflow.tasks(dag, run)))


def awaited(found: Callable[[], Any], say: Callable[[], str] = str) -> Any:
    """Wait until something is found."""
    limit = time.monotonic() + LIMIT
    while time.monotonic() < limit:
        if value := found():
            return value
        time.sleep(PAUSE)
    raise TimeoutError(f"nothing came of it in {LIMIT:g} s; {say()}")


def place(dags: Path, name: str, project: Path, files: Iterable[GeneratedFile]) -> None:
    """Write the DAG file into a project, and let Airflow find it there."""
    for file in files:
        path = project / "pipelines" / "airflow" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")
    dags.mkdir(parents=True, exist_ok=True)
    (dags / name).symlink_to(project, target_is_directory=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _settings(home: Path, python: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "MLSPEC"))}
    logs, triggers = _free_ports(2)
    return {
        **inherited,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "4",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/{DATABASE}?timeout=20",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggers),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Steps start `mlspec` from the PATH, and the parts of `airflow standalone` start each other from it.
        "PATH": os.pathsep.join((str(python.parent), str(Path(sys.executable).parent), os.environ["PATH"])),
    }


class _Processes:
    """What was started, each in a group of its own."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = environment
        self._started: list[subprocess.Popen[str]] = []
        self._parts: dict[str, tuple[tuple[str, ...], subprocess.Popen[str]]] = {}
        self._lock = Lock()

    def keep(self, log: str, *command: str) -> None:
        """Start what must go on as long as the deployment does."""
        self._parts[log] = command, self.start(log, *command)

    def revive(self) -> None:
        """Start again what has ended by itself, as whoever runs a deployment would: SQLite keeps busy processes waiting too long."""
        with self._lock:
            for log, (command, process) in self._parts.items():
                if process.poll() is not None:
                    self.keep(log, *command)

    def migrate(self, python: Path) -> None:
        """Make the database, in which readers and one writer do not wait for each other."""
        self.run("migrate.log", str(python), "-m", "airflow", "db", "migrate")
        with closing(sqlite3.connect(self._home / DATABASE)) as database:
            database.execute("PRAGMA journal_mode=WAL")

    def start(self, log: str, *command: str, **pipes: Any) -> subprocess.Popen[str]:
        with (self._home / log).open("a") as output:
            given = {"stdout": output, "stdin": subprocess.DEVNULL, **pipes}
            process = subprocess.Popen(
                command, cwd=self._home, env=self._environment, stderr=output, text=True, start_new_session=True, **given
            )
        self._started.append(process)
        return process

    def run(self, log: str, *command: str) -> None:
        """Run a command to its end; tries again what a busy machine has kept from ending well."""
        for _ in range(STARTS):
            process = self.start(log, *command)
            if process.wait(LIMIT) == 0:
                return
        raise RuntimeError((self._home / log).read_text()[-4000:])

    def end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in self._started:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            for process in self._started:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
        self._started.clear()
        self._parts.clear()


class Airflow3:
    """Airflow 3: scheduler, DAG processor and API server. DAG files must be in `dags` before."""

    def __init__(
        self, home: Path, dags: Iterable[str], variables: Mapping[str, str], python: Path = Path(sys.executable)
    ) -> None:
        [port] = _free_ports(1)
        self._url = f"http://127.0.0.1:{port}"
        self._token = ""
        self._lock = Lock()
        self.home = home
        environment = _settings(home, python) | {
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self._url}/execution/",
            "AIRFLOW__API__BASE_URL": self._url,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": "not a secret: for one test session on this machine",
            "AIRFLOW__API_AUTH__JWT_SECRET": "not a secret either: for one test session on this machine, long enough to sign",
            **variables,
        }
        self._processes = _Processes(home, environment)
        command = (str(python), "-m", "airflow")
        self._processes.migrate(python)
        self._processes.keep("api.log", *command, "api-server", "--port", str(port), "--host", "127.0.0.1", "--workers", "1")
        self._processes.keep("dags.log", *command, "dag-processor")
        self._processes.keep("scheduler.log", *command, "scheduler")
        awaited(self._log_in)
        wanted = set(dags)
        awaited(lambda: wanted <= {dag["dag_id"] for dag in self._ask("GET", "/api/v2/dags?limit=500")["dags"]}, self._errors)

    def _log_in(self) -> bool:
        self._processes.revive()
        with suppress(OSError):
            self._token = self._ask("GET", "/auth/token")["access_token"]
        return bool(self._token)

    def _errors(self) -> str:
        return json.dumps(self._ask("GET", "/api/v2/importErrors"))

    def trigger(self, dag: str, params: Mapping[str, Any]) -> str:
        answer = self._ask("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": dict(params)})
        return str(answer["dag_run_id"])

    def state(self, dag: str, run: str) -> str:
        return str(self._ask("GET", self._run(dag, run))["state"])

    def tasks(self, dag: str, run: str) -> State:
        found = self._ask("GET", f"{self._run(dag, run)}/taskInstances?limit=1000")["task_instances"]
        return {
            one["task_id"] if one["map_index"] < 0 else f"{one['task_id']}[{one['map_index']}]": str(one["state"])
            for one in found
        }

    def tries(self, dag: str, run: str, task: str) -> int:
        """How often a task has been tried."""
        return int(self._ask("GET", f"{self._run(dag, run)}/taskInstances/{task}")["try_number"])

    def rendered(self, dag: str, run: str, task: str) -> str:
        """What Airflow shows of the templates of a task."""
        return json.dumps(self._ask("GET", f"{self._run(dag, run)}/taskInstances/{task}")["rendered_fields"])

    def clear(
        self, dag: str, run: str, tasks: Sequence[str] | None = None, *, failed: bool = False, downstream: bool = False
    ) -> None:
        if tasks is None:
            self._ask("POST", f"{self._run(dag, run)}/clear", {"dry_run": False, "only_failed": failed})
            return
        options = {"dry_run": False, "reset_dag_runs": True, "only_failed": failed, "include_downstream": downstream}
        self._ask("POST", f"/api/v2/dags/{dag}/clearTaskInstances", {"dag_run_id": run, "task_ids": list(tasks), **options})

    def mark_run(self, dag: str, run: str, state: str) -> None:
        self._ask("PATCH", self._run(dag, run), {"state": state})

    def mark_task(self, dag: str, run: str, task: str, state: str) -> None:
        self._ask("PATCH", f"{self._run(dag, run)}/taskInstances/{task}", {"new_state": state})

    def answer(self, dag: str, run: str, task: str, choice: str) -> None:
        """Answer a question, once it waits for an answer."""
        awaited(lambda: self.tasks(dag, run).get(task) == "awaiting_input", lambda: str(self.tasks(dag, run)))
        time.sleep(1)  # the task hands its question over as its state is set
        place = f"{self._run(dag, run)}/taskInstances/{task}/-1/hitlDetails"
        self._ask("PATCH", place, {"chosen_options": [choice], "params_input": {}})

    def close(self) -> None:
        self._processes.end()

    def _run(self, dag: str, run: str) -> str:
        return f"/api/v2/dags/{dag}/dagRuns/{urllib.request.quote(run)}"

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(self._url + path, method=method)
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        data = None if body is None else json.dumps(body).encode()
        limit = time.monotonic() + LIMIT
        while True:
            self._processes.revive()
            try:
                # One at a time: requests that write at once keep each other from it in one server, too.
                with self._lock, urllib.request.urlopen(request, data, timeout=60) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                # SQLite lets one process write at a time: what it kept from being done has not been done.
                if error.code < 500 or time.monotonic() > limit:
                    raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:2000]}") from None
            except (TimeoutError, ConnectionError, urllib.error.URLError):
                if not self._token or time.monotonic() > limit:
                    raise
            time.sleep(PAUSE)


class Airflow2:
    """Airflow 2.11: its scheduler, and a process beside it that does what its web server would."""

    def __init__(self, home: Path, dags: Iterable[str], variables: Mapping[str, str], python: Path) -> None:
        self.home = home
        self._lock = Lock()
        environment = _settings(home, python) | {
            # Its own check, which SQLite with more than one task at a time does not pass; the database's time-out lets them wait.
            "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
            "AIRFLOW__SCHEDULER__PARSING_PROCESSES": "1",
            **variables,
        }
        self._processes = _Processes(home, environment)
        self._processes.migrate(python)
        self._processes.keep("scheduler.log", str(python), "-m", "airflow", "scheduler")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._control = self._processes.start("control.log", str(python), "-P", str(CONTROL), **pipes)
        awaited(lambda: set(dags) <= set(self._ask("dags")), lambda: str(self._ask("errors")))

    def trigger(self, dag: str, params: Mapping[str, Any]) -> str:
        return str(self._ask("trigger", dag=dag, params=dict(params)))

    def state(self, dag: str, run: str) -> str:
        return str(self._ask("state", dag=dag, run=run))

    def tasks(self, dag: str, run: str) -> State:
        return cast(State, self._ask("tasks", dag=dag, run=run))

    def clear(
        self, dag: str, run: str, tasks: Sequence[str] | None = None, *, failed: bool = False, downstream: bool = False
    ) -> None:
        self._ask("clear", dag=dag, run=run, tasks=list(tasks) if tasks else None, failed=failed, downstream=downstream)

    def mark_run(self, dag: str, run: str, state: str) -> None:
        self._ask("mark_run", dag=dag, run=run, state=state)

    def mark_task(self, dag: str, run: str, task: str, state: str) -> None:
        self._ask("mark_task", dag=dag, run=run, task=task, state=state)

    def close(self) -> None:
        self._processes.end()

    def _ask(self, command: str, **arguments: Any) -> Any:
        limit = time.monotonic() + LIMIT
        while True:
            self._processes.revive()
            with self._lock:
                pipe = cast(IO[str], self._control.stdin)
                pipe.write(json.dumps({"command": command, "arguments": arguments}) + "\n")
                pipe.flush()
                line = cast(IO[str], self._control.stdout).readline()
            if not line:
                raise RuntimeError((self.home / "control.log").read_text()[-4000:])
            answer = json.loads(line)
            if "error" not in answer:
                return answer["value"]
            if "database is locked" not in answer["error"] or time.monotonic() > limit:
                raise RuntimeError(answer["error"])
            time.sleep(PAUSE)
