"""The same spec gives the same run on every orchestrator.

Each folder of `specs/` is a project; its spec says in `# case:` comments which parameters to run it with and what must come of
it. Every case runs here and on Kubeflow's, Airflow's and Jenkins' own engines; states, attempts, the digests of all outputs and
the run's state are read back from the step records, and must be what the case says and what the local run gave.
To add one: a folder with a spec.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
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
REFUSED = "# refused: "


@dataclass(frozen=True)
class Case:
    """One run of one spec: its parameters and what must come of it."""

    spec: str
    number: int
    params: dict[str, Any]
    status: str
    states: dict[str, str]
    refused: tuple[str, ...] = ()
    """The targets that refuse the spec, each with the code by which it does."""

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
        refused = [
            line.removeprefix(REFUSED) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(REFUSED)
        ]
        for number, line in enumerate(lines):
            case = yaml.safe_load(line)
            found.append(Case(path.parent.name, number, case["params"], case["run"], case["steps"], tuple(refused)))
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


def is_refused(case: Case, target: str) -> bool:
    """Whether a target must refuse the spec; then it has been seen to."""
    code = dict(line.split() for line in case.refused).get(target)
    if code is None:
        return False
    plan = replace(api.plan(api.load(SPECS / case.spec / "mlspec.yaml")), store="s3://bucket/store")
    with pytest.raises(api.TargetError) as refusal:
        api.compile(plan, target)
    assert code in {finding.code for finding in refusal.value.findings if finding.severity == "error"}
    return True


@CASES
def test_local(case: Case, local_outcome: Callable[[Case], Outcome]) -> None:
    expected(case, local_outcome(case))


@pytest.mark.kfp
@CASES
def test_kubeflow(case: Case, local_outcome: Callable[[Case], Outcome], tmp_path: Path) -> None:
    if is_refused(case, "kubeflow"):
        return

    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        shared = kfp_local.with_shared_store(plan, project)
        return kfp_local.run(project, shared, api.compile(shared, "kubeflow"), params)

    assert run(case, engine, tmp_path) == local_outcome(case)


@pytest.mark.kfp
@CASES
def test_kubeflow_where_pods_share_the_store(case: Case, local_outcome: Callable[[Case], Outcome], tmp_path: Path) -> None:
    """There KFP starts again whatever failed, and nothing that has ended is done twice: attempts are those of the local run."""

    if is_refused(case, "kubeflow"):
        return

    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        shared = replace(plan, store=f"local://{project}/{plan.store}")
        (file,) = files = api.compile(shared, "kubeflow")
        assert "retryPolicy: " in file.content
        return kfp_local.run(project, shared, files, params)

    assert run(case, engine, tmp_path) == local_outcome(case)


@pytest.mark.airflow
@CASES
def test_airflow(case: Case, local_outcome: Callable[[Case], Outcome], airflow: Airflow, tmp_path: Path) -> None:
    if is_refused(case, "airflow"):
        return

    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        return airflow.run(project, plan, api.compile(plan, "airflow"), params)

    assert run(case, engine, tmp_path) == local_outcome(case)


@pytest.mark.groovy
@CASES
def test_jenkins(case: Case, local_outcome: Callable[[Case], Outcome], tmp_path: Path) -> None:
    def engine(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
        return jenkins.run(project, plan, api.compile(plan, "jenkins"), params)

    assert run(case, engine, tmp_path) == local_outcome(case)
