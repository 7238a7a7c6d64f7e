"""What people press while a run goes on and after, and what comes of it: a scenario each, for any version of Airflow.

In: a deployment. Out: nothing, or an `AssertionError`. Owns what must hold whatever is pressed: the state of the run is that of its
records. To add one: a function here whose name says it, and its place in `SCENARIOS`.
"""

from __future__ import annotations

import os
import signal

from tests.targets.airflow.deployed import SECRET, Deployment, Run, parent_of


def _start(deployed: Deployment, key: str, **params: str) -> Run:
    return deployed.run("buttons", {"key": key, **params})


def _settled(run: Run, status: str, steps: dict[str, str] | None = None) -> None:
    state, outcome = run.end()
    found = {name: step.state for name, step in outcome.steps.items()}
    assert (state, outcome.status) == ({"succeeded": "success"}.get(status, status), status), (run.tasks(), found)
    for name, wanted in (steps or {}).items():
        assert found[name] == wanted, (name, found, run.tasks())


def clearing_failed_tasks_runs_all_that_had_not(deployed: Deployment) -> None:
    run = _start(deployed, "failed", fails="b")
    _settled(run, "failed", {"a": "succeeded", "b": "failed", "c": "blocked"})
    run.airflow.clear(run.dag, run.id, failed=True)
    _settled(run, "failed", {"b": "failed", "c": "blocked"})
    run.mend()
    run.airflow.clear(run.dag, run.id, failed=True)
    _settled(run, "succeeded")
    assert run.told() == ["failed", "succeeded"], "`finally` runs again with its run"
    assert (run.project / "began-a-failed").read_text() == "x\n", "what ended well is left alone"
    assert (run.project / "began-b-failed").read_text() == "x\n" * 3, "what has ended is tried once each time"


def clearing_one_task_alone_judges_the_run_anew(deployed: Deployment) -> None:
    run = _start(deployed, "one", fails="b")
    run.mend()
    _settled(run, "succeeded")
    (run.project / "ok-one").unlink()
    run.airflow.clear(run.dag, run.id, ["b"])
    _settled(run, "failed", {"b": "failed"})
    run.mend()
    run.airflow.clear(run.dag, run.id, ["b"])
    _settled(run, "succeeded")
    assert run.told() == ["succeeded", "failed", "succeeded"], run.told()


def clearing_one_task_alone_leaves_no_gate_on_older_numbers(deployed: Deployment) -> None:
    run = _start(deployed, "older")
    run.mend()
    _settled(run, "succeeded")
    run.airflow.clear(run.dag, run.id, ["count"])
    _settled(run, "failed", {"count": "succeeded", "enough": "succeeded"})
    run.airflow.clear(run.dag, run.id, ["enough"])
    _settled(run, "succeeded")
    assert run.told() == ["succeeded", "failed", "succeeded"], run.told()


def clearing_all_tasks_runs_all_of_them(deployed: Deployment) -> None:
    run = _start(deployed, "all", fails="b")
    _settled(run, "failed")
    run.mend()
    run.airflow.clear(run.dag, run.id)
    _settled(run, "succeeded")
    assert run.told() == ["failed", "succeeded"]
    assert (run.project / "began-a-all").read_text() == "x\n" * 2


def clearing_while_it_runs_runs_that_step_again(deployed: Deployment) -> None:
    run = _start(deployed, "during", slow="b")
    run.owner("b")
    run.mend()
    run.airflow.clear(run.dag, run.id, ["b"], downstream=True)
    _settled(run, "succeeded")


def marking_a_failed_task_as_success_makes_no_run_green(deployed: Deployment) -> None:
    run = _start(deployed, "marked", fails="b")
    _settled(run, "failed")
    run.airflow.mark_task(run.dag, run.id, "b", "success")
    _settled(run, "failed", {"b": "failed"})


def marking_a_run_as_success_while_it_runs_makes_it_no_success(deployed: Deployment) -> None:
    run = _start(deployed, "green", slow="b")
    run.owner("b")
    run.airflow.mark_run(run.dag, run.id, "success")
    _settled(run, "failed", {"b": "failed", "c": "blocked"})
    assert run.told() == ["failed"]


def marking_a_failed_run_as_success_is_undone_by_the_next_clear(deployed: Deployment) -> None:
    """Nothing of the DAG runs when a run that is over is marked; the records stay, and judge it as soon as anything runs."""
    run = _start(deployed, "painted", fails="b")
    _settled(run, "failed", {"b": "failed", "c": "blocked"})
    run.airflow.mark_run(run.dag, run.id, "success")
    state, outcome = run.end()
    # Airflow 3 runs nothing then. 2.11 runs the teardowns again, and with them the judgement.
    assert state == "success" or run.tasks()["all-ended-well"] == "failed", run.tasks()
    assert (outcome.status, outcome.steps["b"].state) == ("failed", "failed")
    run.airflow.clear(run.dag, run.id, ["a"])
    _settled(run, "failed", {"a": "succeeded", "b": "failed"})
    run.mend()
    run.airflow.clear(run.dag, run.id)
    _settled(run, "succeeded")


def marking_a_run_as_failed_while_it_runs_lets_finally_see_it(deployed: Deployment) -> None:
    run = _start(deployed, "red", slow="b")
    run.owner("b")
    run.airflow.mark_run(run.dag, run.id, "failed")
    _settled(run, "failed", {"b": "failed", "c": "blocked"})
    assert run.told() == ["failed"]


def marking_a_run_as_failed_before_it_begins_makes_it_no_success(deployed: Deployment) -> None:
    run = _start(deployed, "early", slow="a")
    run.airflow.mark_run(run.dag, run.id, "failed")
    state, outcome = run.end()
    assert state == "failed", run.tasks()
    assert outcome.status != "succeeded"


def a_killed_step_process_is_started_again(deployed: Deployment) -> None:
    run = _start(deployed, "killed", slow="b")
    pid = run.owner("b")
    run.mend()
    os.kill(pid, signal.SIGKILL)
    _settled(run, "succeeded")
    assert run.end()[1].steps["b"].attempts == 2
    assert run.told() == ["succeeded"]


def a_killed_step_process_that_is_not_started_again_has_failed(deployed: Deployment) -> None:
    run = _start(deployed, "lost", slow="c")
    os.kill(run.owner("c"), signal.SIGKILL)
    state, _ = run.end()
    assert (state, run.told()) == ("failed", ["failed"])
    assert run.tasks()["c"] == "failed"


def a_killed_task_is_started_again(deployed: Deployment) -> None:
    run = _start(deployed, "task", slow="b")
    pid = run.owner("b")
    run.mend()
    os.kill(parent_of(pid), signal.SIGKILL)
    _settled(run, "succeeded")
    assert run.told() == ["succeeded"]


def a_secret_is_shown_nowhere(deployed: Deployment) -> None:
    run = _start(deployed, "secret")
    _settled(run, "succeeded")
    logs = [path for path in (deployed.home / "logs").rglob("*.log") if run.id in str(path)]
    assert logs
    assert [path for path in logs if SECRET in path.read_text()] == []
    assert SECRET not in deployed.rendered(run, "secret")


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        clearing_failed_tasks_runs_all_that_had_not,
        clearing_one_task_alone_judges_the_run_anew,
        clearing_one_task_alone_leaves_no_gate_on_older_numbers,
        clearing_all_tasks_runs_all_of_them,
        clearing_while_it_runs_runs_that_step_again,
        marking_a_failed_task_as_success_makes_no_run_green,
        marking_a_run_as_success_while_it_runs_makes_it_no_success,
        marking_a_failed_run_as_success_is_undone_by_the_next_clear,
        marking_a_run_as_failed_while_it_runs_lets_finally_see_it,
        marking_a_run_as_failed_before_it_begins_makes_it_no_success,
        a_killed_step_process_is_started_again,
        a_killed_step_process_that_is_not_started_again_has_failed,
        a_killed_task_is_started_again,
        a_secret_is_shown_nowhere,
    )
}
