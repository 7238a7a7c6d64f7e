"""Runs generated DAG files on the Airflow that is installed here, or on an older one in an environment of its own.

In: a project, a plan, its files and parameters. Out: an `EngineRun`, and what Airflow says of each task.
Owns one Airflow (SQLite, its own AIRFLOW_HOME) in a process that lives as long as the `Airflow` object; nothing of it
shows in this process's environment. Change it when a test needs to ask Airflow something new.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast

from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile
from tests.engines import EngineRun

LIMIT = 900.0
"""Seconds after which a request is given up: a DAG that cannot go on would otherwise run for ever."""
GRACE = 5.0
"""Seconds that a worker has to end in."""

AIRFLOW_2 = Path(__file__).parents[2] / ".venv-airflow2" / "bin" / "python"
"""The interpreter of the environment with Airflow 2.11, whose SQLAlchemy nothing else here can live with."""

_NO_CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "current-context": "none",
    "users": [{"name": "none", "user": {}}],
}
WORKER = Path(__file__).with_name("airflow_worker.py")


class Airflow:
    """One Airflow below `home`. Starting it migrates its database, which takes some ten seconds.

    `python` has the Airflow; steps find `mlspec` beside this interpreter in any case.
    """

    def __init__(self, home: Path, python: Path = Path(sys.executable)) -> None:
        self.dags = home / "dags"
        self.dags.mkdir(parents=True)
        self.log = home / "worker.log"
        (home / "kubeconfig").write_text(json.dumps(_NO_CLUSTER))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "MLSPEC"))}
        settings = {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API_AUTH__JWT_SECRET": "not a secret: for one test session on this machine",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "KUBECONFIG": str(home / "kubeconfig"),  # read once, when the first DAG file with pods is loaded
            # Steps start `mlspec` from the PATH, as they do on a worker.
            "PYTHONDONTWRITEBYTECODE": "1",  # a file written twice within a second would be read from its old bytecode
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        # -P: the folder of the worker holds this module, which must not pass for the package `airflow`.
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [str(python), "-P", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**inherited, **settings},
                cwd=home,
                start_new_session=True,
            )
        self._answer()
        self.tasks: Mapping[str, str] = {}
        self.asked: Mapping[str, Sequence[str]] = {}
        """What the last run asked people, by task: the headline and the text below it."""
        """The state of each task of the last run, in Airflow's own words."""

    def run(
        self,
        project: Path,
        plan: Plan,
        files: Sequence[GeneratedFile],
        params: Mapping[str, object],
        environment: Mapping[str, str] | None = None,
        answers: Mapping[str, str] | None = None,
        date: str | None = None,
    ) -> EngineRun:
        """Run a plan's DAG in `project`, where `mlspec compile` would have written it.

        `answers` are what a person chooses, by the id of the task that asks; `date` is the run's logical date.
        """
        given = {"params": dict(params), "answers": dict(answers or {}), "date": date}
        arguments = {"file": str(self.place(project, files)), **given}
        answer = self._ask("test", environment, **arguments)
        self.tasks, self.asked = answer["tasks"], answer.get("asked", {})
        return EngineRun("succeeded" if answer["state"] == "success" else "failed", answer["run_id"])

    def load(self, project: Path, files: Sequence[GeneratedFile]) -> dict[str, Any]:
        """Load a DAG file without running it: its errors, its warnings and what Airflow read."""
        return self._ask("load", None, file=str(self.place(project, files)))

    def pods(self, project: Path, files: Sequence[GeneratedFile]) -> dict[str, Any]:
        """The pod of each task, as it would be sent to Kubernetes; mapped tasks are left out."""
        return cast(dict[str, Any], self._ask("pods", None, file=str(self.place(project, files)))["pods"])

    def statuses(self, project: Path, files: Sequence[GeneratedFile], task: str, codes: Sequence[int | None]) -> list[str]:
        """What each exit status of a process makes of a task; None where Airflow does not know it."""
        return cast(
            list[str], self._ask("statuses", None, file=str(self.place(project, files)), task=task, codes=list(codes))["found"]
        )

    def scheduled(self, project: Path, files: Sequence[GeneratedFile], start: str, template: str) -> tuple[str, str]:
        """When a DAG fires for the first time after `start`, and what a template of that run comes to."""
        answer = self._ask("scheduled", None, file=str(self.place(project, files)), start=start, template=template)
        return answer["fires"], answer["text"]

    def signatures(self) -> dict[str, list[str]]:
        """The arguments that a `dag` and the operators of each runner take, and those of their `base`."""
        return self._ask("signatures", None)

    def render(self, template: str, params: Mapping[str, object]) -> str:
        """Render a Jinja template as a task does."""
        return cast(str, self._ask("render", None, template=template, params=dict(params))["text"])

    def place(self, project: Path, files: Sequence[GeneratedFile]) -> Path:
        """Write the files into the project and make it the one thing in the DAGs folder; returns the DAG file there."""
        for old in self.dags.iterdir():
            old.unlink()
        (self.dags / "project").symlink_to(project, target_is_directory=True)
        for file in files:
            path = project / "pipelines" / "airflow" / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content, encoding="utf-8")
        [dag] = (file for file in files if file.path.endswith(".py"))
        return self.dags / "project" / "pipelines" / "airflow" / dag.path

    def close(self) -> None:
        """End the worker and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:  # a task that ran in it may have left a handler of Airflow's behind
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _ask(self, command: str, environment: Mapping[str, str] | None, **arguments: object) -> dict[str, Any]:
        request = {"command": command, "environment": dict(environment or {}), "arguments": arguments}
        pipe = cast(IO[str], self._process.stdin)
        pipe.write(json.dumps(request) + "\n")
        pipe.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        alarm = Timer(LIMIT, self.close)
        alarm.start()
        line = cast(IO[str], self._process.stdout).readline()
        alarm.cancel()
        if not line:
            raise RuntimeError(f"the Airflow worker ended:\n{self.log.read_text()[-4000:]}")
        answer = cast(dict[str, Any], json.loads(line))
        if "error" in answer:
            raise RuntimeError(f"{answer['error']}\n{self.log.read_text()[-4000:]}")
        return answer
