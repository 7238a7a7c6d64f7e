"""The same spec gives the same run on every orchestrator.

Each folder of `specs/` is a project; its spec says in `# case:` comments which parameters to run it with and what must come of
it. Every case runs here and on Kubeflow's, Airflow's and Jenkins' own engines; states, attempts, the digests of all outputs and
the run's state are read back from the step records, and must be what the case says and what the local run gave.
To add one: a folder with a spec.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.model import Plan
from tests.engines import EngineRun, jenkins, kfp_local, local
from tests.engines.airflow import Airflow
from tests.engines.outcome import Outcome, outcome_of

SPECS = Path(__file__).parent / "specs"
CASE = "# case: "


@dataclass(frozen=True)
class Case:
    """One run of one spec: its parameters and what must come of it."""

    spec: str
    number: int
    params: dict[str, Any]
    status: str
    states: dict[str, str]

    def project(self, folder: Path) -> tuple[Path, Plan]:
        """A copy of the project, and its plan."""
        project = folder / self.spec
        shutil.copytree(SPECS / self.spec, project)
        return project, api.plan(api.load(project / "mlspec.yaml"))


def cases() -> list[Case]:
    found = []
    for path in sorted(SPECS.glob("*/mlspec.yaml")):
        lines = [line.removeprefix(CASE) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(CASE)]
        assert lines, f"{path} has no case"
        for number, line in enumerate(lines):
            case = yaml.safe_load(line)
            found.append(Case(path.parent.name, number, case["params"], case["run"], case["steps"]))
    return found


CASES = pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.spec}-{case.number}")
Engine = Callable[[Path, Plan, dict[str, Any]], EngineRun]


@pytest.fixture(scope="session")
def local_outcome(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Outcome]:
    """What a case gives here; run once for all engines."""
    known: dict[tuple[str, int], Outcome] = {}

    def outcome(case: Case) -> Outcome:
        key = (case.spec, case.number)
        if key not in known:
            known[key] = run(case, local.run, tmp_path_factory.mktemp("local"))
        return known[key]

    return outcome


def run(case: Case, engine: Engine, folder: Path) -> Outcome:
    project, plan = case.project(folder)
    done = engine(project, plan, case.params)
    outcome = outcome_of(plan, project, done.run_id)
    assert done.status == outcome.status, "the engine and the records tell different stories"
    return outcome


def expected(case: Case, outcome: Outcome) -> None:
    assert {step: done.state for step, done in outcome.steps.items()} == case.states
    assert outcome.status == case.status


@CASES
def test_local(case: Case, local_outcome: Callable[[Case], Outcome]) -> None:
    expected(case, local_outcome(case))


@pytest.mark.kfp
@CASES
def test_kubeflow(case: Case, local_outcome: Callable[[Case], Outcome], tmp_path: Path) -> None:
    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        return kfp_local.run(project, plan, api.compile(plan, "kubeflow"), params)

    assert run(case, engine, tmp_path) == local_outcome(case)


@pytest.mark.airflow
@CASES
def test_airflow(case: Case, local_outcome: Callable[[Case], Outcome], airflow: Airflow, tmp_path: Path) -> None:
    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        return airflow.run(project, plan, api.compile(plan, "airflow"), params)

    assert run(case, engine, tmp_path) == local_outcome(case)


@pytest.mark.groovy
@CASES
def test_jenkins(case: Case, local_outcome: Callable[[Case], Outcome], tmp_path: Path) -> None:
    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        return jenkins.run(project, plan, api.compile(plan, "jenkins"), params)

    assert run(case, engine, tmp_path) == local_outcome(case)
