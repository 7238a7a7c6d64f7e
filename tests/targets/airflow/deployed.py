"""What runs under a real scheduler: one deployment for all tests of a version, with everything that they run in it.

In: a folder, a version. Out: a `Deployment` whose runs all go on side by side. Owns which specs are deployed; never asserts.
To add one: a spec here, and a test that runs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.store.layout import run_folder
from mlspec.targets.airflow import TARGET
from mlspec.targets.base import targets
from tests.conformance.compare import lay_out
from tests.conformance.corpus import FOLDER, read
from tests.conformance.drawn import Life
from tests.conformance.engines import airflow_variable
from tests.conformance.oracle import foresee
from tests.engines.airflow_scheduler import Airflow3, Scheduled, awaited, ended, place
from tests.engines.outcome import Outcome, outcome_of
from tests.targets.airflow.specs import ASKS, planned

MANY, FEW = 44, 22
"""How many specs of the corpus run on Airflow 3, and on 2.11."""
SECRET = "zebra-crossing-7"
_BODY = (
    "echo x >> began-{0}-${{{{ params.key }}}}; test -e ok-${{{{ params.key }}}} && exit 0; "
    "test ${{{{ params.fails }}}} != {0}; test ${{{{ params.slow }}}} != {0} || sleep 120"
)


def _step(name: str) -> str:
    """A script that fails, or goes on for long, where the run says so and nothing has been mended."""
    return json.dumps(_BODY.format(name))


BUTTONS = planned(f"""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {{name: buttons}}
params: {{key: "x", fails: "none", slow: "none"}}
secrets: {{token: {{env: TOKEN, airflow: {{variable: hidden_one}}}}}}
steps:
  a: {{run: {_step("a")}}}
  b: {{run: {_step("b")}, needs: [a]}}
  c: {{run: {_step("c")}, needs: [b], retry: {{lost: 0}}}}
  rows: {{matrix: {{n: [1, 2]}}, needs: [a], run: "true"}}
  secret: {{run: 'echo "$TOKEN"', secrets: [token]}}
  count:
    run: |
      echo x >> counted-${{{{ params.key }}}}
      echo '{{"n":' $(wc -l < counted-${{{{ params.key }}}}) '}}' > ${{{{ outputs.n }}}}
    outputs: {{n: metrics}}
  enough: {{gate: [count.n.n > 0]}}
finally:
  clean: {{run: "echo ${{{{ run.status }}}} >> told-${{{{ params.key }}}}"}}
  after: {{run: "true", needs: [clean]}}
""")
"""A chain of steps that fail or hang as the run says, until a file mends them."""


@dataclass(frozen=True)
class Run:
    """A run of a deployed plan."""

    airflow: Scheduled
    plan: Plan
    project: Path
    dag: str
    id: str
    key: str = ""
    """What tells its files from those of other runs."""

    @property
    def store(self) -> Path:
        """Its folder in the store."""
        return self.project / self.plan.store / run_folder(self.plan.lifecycle, self.id)

    def end(self) -> tuple[str, Outcome]:
        """Its state when it has ended, and what its records say."""
        return ended(self.airflow, self.dag, self.id), outcome_of(self.plan, self.project, self.id)

    def tasks(self) -> dict[str, str]:
        """The states of its tasks."""
        return self.airflow.tasks(self.dag, self.id)

    def told(self) -> list[str]:
        """What its `finally` step saw, each time. Twice the same is one: Airflow tries a task again that it lost sight of."""
        return [status for status, _ in groupby((self.project / f"told-{self.key}").read_text().split())]

    def mend(self) -> None:
        """Let its steps end well from now on."""
        (self.project / f"ok-{self.key}").touch()

    def owner(self, step: str) -> int:
        """The process that runs a step, once there is one."""
        mark = self.store / "_started" / step

        def running() -> int | None:
            found = json.loads(mark.read_text()) if mark.exists() else None
            return found["owner"]["pid"] if found and (self.project / f"began-{step}-{self.key}").exists() else None

        return int(awaited(running, lambda: str(self.tasks())))


def parent_of(pid: int) -> int:
    """The process of Airflow's that waits for a step process."""
    while True:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if not words[0].endswith(b"bash"):
            return pid


class Deployment:
    """Everything that is deployed on one Airflow."""

    def __init__(self, home: Path, *, corpus: int, asks: bool) -> None:
        self.home = home
        self.plans: dict[str, tuple[Plan, Path]] = {}
        self.lives: dict[str, Life] = {}
        self.variables: dict[str, str] = {"AIRFLOW_VAR_HIDDEN_ONE": SECRET}
        self.airflow: Scheduled
        for plan in (BUTTONS, *([ASKS] if asks else [])):
            self._deploy(plan.lifecycle, plan, home / "projects" / plan.lifecycle)
        for path in sorted(FOLDER.glob("*.yaml")):
            life = read(path)
            if len(self.lives) < corpus and not foresee(life).refused:  # Airflow would make no run of it
                self._deploy_life(f"corpus-{path.stem}", life)

    def _deploy_life(self, dag: str, life: Life) -> None:
        wanted = dict(airflow_variable(*secret) for secret in life.get("secrets", {}).items())
        if any(self.variables.get(name, text) != text for name, text in wanted.items()):
            return  # another one has a secret of that name
        project = lay_out(life, self.home / "projects" / dag)
        plan = api.plan(api.load(project / "mlspec.yaml"))
        options = dict(plan.target_options.get("airflow", {})) | {"dag_id": dag}
        plan = replace(plan, target_options={**plan.target_options, "airflow": options})
        if api.emit(plan, targets()["airflow"])[0] is None:
            return
        self.variables |= wanted
        self.lives[dag] = life
        self._deploy(dag, plan, project)

    def _deploy(self, dag: str, plan: Plan, project: Path) -> None:
        project.mkdir(parents=True, exist_ok=True)
        place(self.home / "dags", dag, project, TARGET.emit(plan))
        self.plans[dag] = plan, project

    def answer(self, run: Run, task: str, choice: str) -> None:
        """Answer a question of a run, on Airflow 3."""
        assert isinstance(self.airflow, Airflow3)
        self.airflow.answer(run.dag, run.id, task, choice)

    def rendered(self, run: Run, task: str) -> str:
        """What Airflow shows of the templates of a task; nothing on Airflow 2.11, where only its web server would."""
        return self.airflow.rendered(run.dag, run.id, task) if isinstance(self.airflow, Airflow3) else ""

    def run(self, dag: str, params: Mapping[str, Any]) -> Run:
        """Start a run."""
        plan, project = self.plans[dag]
        return Run(self.airflow, plan, project, dag, self.airflow.trigger(dag, params), str(params.get("key", "")))
