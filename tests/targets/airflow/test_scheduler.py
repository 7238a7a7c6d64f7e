"""Specs of the corpus as one deployment under Airflow's own scheduler: each ends as the rules of the language foretell.

What the engine itself lost before any process of a step began is run again from scratch; what a run came to is never forgiven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.conformance.compare import against, params_of
from tests.conformance.corpus import FOLDER
from tests.conformance.oracle import foresee
from tests.targets.airflow.deployed import FEW, MANY, Deployment, Run

pytestmark = pytest.mark.slow

# All of them can be one deployment: Airflow takes each, and their secrets have the same values.
FILES = [f"corpus-{path.stem}" for path in sorted(FOLDER.glob("*.yaml"))]
TRIES = 3
All = Mapping[str, "Future[list[str]]"]


def _problems(deployed: Deployment, dag: str, run: Run) -> list[str]:
    life = deployed.lives[dag]
    for _ in range(TRIES):
        state, outcome = run.end()
        if not _lost_by_the_engine(run):
            break
        run = deployed.run(dag, params_of(life))
    said = {"success": "succeeded"}.get(state, state)
    told = [] if said == outcome.status else [f"Airflow says {said}, the records {outcome.status}: {run.tasks()}"]
    return told + against(foresee(life), outcome)


def _lost_by_the_engine(run: Run) -> bool:
    """Whether a task failed of whose step nothing was left: no process of it has begun."""
    failed = {task.partition(".")[0].partition("[")[0] for task, state in run.tasks().items() if state == "failed"}
    logs = run.project.parents[1] / "logs" / f"dag_id={run.dag}" / f"run_id={run.id}"
    return any(not list(logs.glob(f"task_id={name}*/**/*.log")) for name in failed)


def _all(deployed: Deployment) -> Iterator[All]:
    runs = {dag: deployed.run(dag, params_of(life)) for dag, life in deployed.lives.items()}
    with ThreadPoolExecutor(4) as pool:
        yield {dag: pool.submit(_problems, deployed, dag, run) for dag, run in runs.items()}


@pytest.fixture(scope="module")
def ended(deployed: Deployment) -> Iterator[All]:
    """All runs, side by side."""
    yield from _all(deployed)


@pytest.fixture(scope="module")
def ended_2(deployed_2: Deployment) -> Iterator[All]:
    """All runs, side by side, on Airflow 2.11."""
    yield from _all(deployed_2)


@pytest.mark.airflow
@pytest.mark.parametrize("dag", FILES[:MANY])
def test_a_spec_ends_as_the_rules_say(dag: str, ended: All) -> None:
    assert ended[dag].result() == []


@pytest.mark.airflow2
@pytest.mark.parametrize("dag", FILES[:FEW])
def test_a_spec_ends_as_the_rules_say_on_airflow_2(dag: str, ended_2: All) -> None:
    assert ended_2[dag].result() == []


@pytest.mark.airflow
@pytest.mark.parametrize(("choice", "status", "told"), [("Approve", "success", "succeeded"), ("Reject", "failed", "failed")])
def test_a_person_answers(deployed: Deployment, choice: str, status: str, told: str) -> None:
    run = deployed.run("asks", {})
    deployed.answer(run, "sign_off.question", choice)
    state, outcome = run.end()
    assert (state, outcome.status) == (status, told)
    assert next(run.store.glob("clean/o")).read_text() == f"{told}\n"


@pytest.mark.airflow
@pytest.mark.slow
def test_an_answer_given_upon_older_outputs_is_asked_for_again(deployed: Deployment) -> None:
    run = deployed.run("asks", {})
    deployed.answer(run, "sign_off.question", "Approve")
    assert run.end()[0] == "success"
    (run.project / f"auc-{run.id}").write_text("0.5")
    run.airflow.clear(run.dag, run.id, ["train"])
    state, outcome = run.end()
    assert (state, outcome.status, outcome.steps["deploy"].state) == ("failed", "failed", "succeeded"), run.tasks()
    run.airflow.clear(run.dag, run.id, ["deploy"])
    state, outcome = run.end()
    assert (state, outcome.status, outcome.steps["deploy"].state) == ("failed", "failed", "failed"), run.tasks()
    run.airflow.clear(run.dag, run.id, ["sign_off.question"], downstream=True)
    deployed.answer(run, "sign_off.question", "Approve")
    state, outcome = run.end()
    assert (state, outcome.status) == ("success", "succeeded")
