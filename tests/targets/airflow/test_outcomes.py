"""Fan-outs, bounds, `run_if` and approvals on the real Airflow: every step ends as it does in a local run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mlspec.expr.values import compact
from mlspec.ir.model import Plan
from mlspec.targets.airflow import TARGET
from tests.engines import local
from tests.engines.airflow import Airflow
from tests.engines.outcome import Outcome, outcome_of
from tests.targets.airflow.specs import ASKS, FAN, FINALS, LISTS, OUTCOMES, planned

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


def on_airflow(airflow: Airflow, project: Path, made: Plan, answers: dict[str, str] | None = None, **params: Any) -> Outcome:
    assert TARGET.check(made) == []
    ran = airflow.run(project, made, TARGET.emit(made), params, None, answers)
    outcome = outcome_of(made, project, ran.run_id)
    assert ran.status == outcome.status
    return outcome


def here(project: Path, made: Plan, **params: Any) -> Outcome:
    return outcome_of(made, project, local.run(project, made, params).run_id)


def folders(tmp_path: Path) -> tuple[Path, Path]:
    both = tmp_path / "airflow", tmp_path / "local"
    for folder in both:
        folder.mkdir()
    return both


@pytest.mark.parametrize("n", [0, 4])
def test_fan_outs_end_as_they_do_here(airflow: Airflow, tmp_path: Path, n: int) -> None:
    there, project = folders(tmp_path)
    outcome = on_airflow(airflow, there, FAN, n=n)
    assert outcome == here(project, FAN, n=n)
    assert outcome.steps["gather"].state == "succeeded"
    assert outcome.steps["below_none"].state == "skipped"
    [gathered] = there.glob(".mlspec/store/fan/*/gather/out")
    assert gathered.read_text() == ("" if n == 0 else "a b$(id){{ x }}a b")


def test_instances_run_no_more_at_once_than_parallel_allows(airflow: Airflow, tmp_path: Path) -> None:
    """`dag.test()` runs one task after the other: what Airflow holds to is the task's own bound."""
    tasks = airflow.load(tmp_path, TARGET.emit(FAN))["dags"]["fan"]["tasks"]
    bounds = {name: task["parallel"] for name, task in tasks.items() if task["parallel"] is not None}
    assert bounds == {"work.each": 2, "train.each": 2}


def test_every_run_if_ends_as_it_does_here(airflow: Airflow, tmp_path: Path) -> None:
    there, project = folders(tmp_path)
    outcome = on_airflow(airflow, there, OUTCOMES)
    assert outcome == here(project, OUTCOMES)
    states = {step: done.state for step, done in outcome.steps.items()}
    assert (states["repair"], states["idle"], states["tell"], states["each_failed"]) == (
        "succeeded",
        "skipped",
        "succeeded",
        "succeeded",
    )


@pytest.mark.parametrize("n", [0, 9])
def test_matrices_in_finally_end_as_they_do_here(airflow: Airflow, tmp_path: Path, n: int) -> None:
    there, project = folders(tmp_path)
    outcome = on_airflow(airflow, there, FINALS, n=n)
    assert outcome == here(project, FINALS, n=n)
    ends = {step: done.state for step, done in outcome.steps.items() if done.state != "succeeded"}
    assert ends == {
        **({"work": "failed", "unwanted": "blocked"} if n == 0 else {"unwanted": "skipped"}),
        "breaks[m=2]": "failed",
        "below_breaks": "blocked",
        "some[m=1]": "skipped",
        **{f"rows_below_breaks[m={m}]": "blocked" for m in (1, 2)},
        **{f"{name}[m={m}]": "skipped" for name in ("none", "below_none") for m in (1, 2)},
    }
    told = [path.read_text() for path in sorted(there.glob(".mlspec/store/finals/*/row/*/out"))]
    status = "succeeded" if n else "failed"
    assert told == [f"{text}{status}" for text in ("a b", "{{ ds }}", "$(id)") for _ in range(2)]


@pytest.mark.parametrize("n", [0, 9])
def test_lists_in_finally_end_as_they_do_here(airflow: Airflow, tmp_path: Path, n: int) -> None:
    there, project = folders(tmp_path)
    outcome = on_airflow(airflow, there, LISTS, n=n)
    assert outcome == here(project, LISTS, n=n)
    ends = {step: done.state for step, done in outcome.steps.items() if done.state != "succeeded"}
    assert ends == {
        **({"work": "failed", "unwanted": "blocked"} if n == 0 else {"unwanted": "skipped"}),
        **dict.fromkeys(("breaks[0]", "rows[m=1]"), "failed"),
        **dict.fromkeys(("nothing_below_breaks", "elements_below_breaks", "below_breaks", "below_rows"), "blocked"),
        **dict.fromkeys(("breaks[1]", "rows[m=2]", "none[0]", "none[1]", "below_none", "nothing_below_none"), "skipped"),
    }
    items = LISTS.by_id["element"].foreach
    assert items is not None
    told = [done.values["item"] for step, done in outcome.steps.items() if step.startswith("element[")]
    assert compact(told) == compact(list(items.literal))


def test_instances_in_finally_wait_for_one_another(airflow: Airflow, tmp_path: Path) -> None:
    """Airflow has no bound on tasks that are not mapped."""
    tasks = airflow.load(tmp_path, TARGET.emit(LISTS))["dags"]["lists"]["tasks"]

    def above(task: str) -> list[str]:
        return [name.partition(".")[2] for name in tasks[task]["upstream"] if name != "run-begins"]

    assert [above(f"breaks.each_{n}") for n in range(4)] == [["ready"], ["ready"], ["each_0", "ready"], ["each_1", "ready"]]
    assert above("breaks.joined") == [f"each_{n}" for n in range(4)]
    assert above("nothing.joined") == ["ready"]


def test_an_instance_that_fails_blocks_who_reads_all(airflow: Airflow, tmp_path: Path) -> None:
    made = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: breaks}
on_failure: continue
steps:
  work:
    foreach: [1, 2, 3]
    run: test ${{ item }} != 2; echo ${{ item }} > ${{ outputs.out }}
    outputs: {out: artifact}
  gather: {run: "true", inputs: {all: work.out}}
  lost:
    foreach: work_list.values.nowhere
    run: "true"
  work_list: {run: "echo '{}' > ${{ outputs.values }}", outputs: {values: values}}
  below_lost: {run: "true", needs: [lost]}
""")
    there, project = folders(tmp_path)
    outcome = on_airflow(airflow, there, made)
    assert outcome == here(project, made)
    assert outcome.steps["gather"].state == "blocked"
    assert outcome.steps["lost"].state == "failed"


@pytest.mark.parametrize(
    ("answer", "state", "after", "seen"),
    [("Approve", "succeeded", "succeeded", "succeeded"), ("Reject", "failed", "blocked", "failed")],
)
def test_a_person_answers_an_approval(airflow: Airflow, tmp_path: Path, answer: str, state: str, after: str, seen: str) -> None:
    outcome = on_airflow(airflow, tmp_path, ASKS, {"sign_off.question": answer})
    assert (outcome.steps["sign_off"].state, outcome.steps["deploy"].state) == (state, after)
    headline, text = airflow.asked["sign_off.question"]
    assert headline == 'Promote {{ ds }} with 0.81 to "production"?'
    run, number, link = text.split("\n\n")
    assert (run.startswith("run "), run.endswith(" of asks"), number) == (True, True, "train.metrics.auc = 0.81")
    assert re.fullmatch(r"\[.+\]\(https?://.+/dags/asks/runs/.+\)", link)
    [told] = tmp_path.glob(".mlspec/store/asks/*/clean/o")
    assert told.read_text() == f"{seen}\n"


def test_an_approval_that_is_not_wanted_is_not_asked_for(airflow: Airflow, tmp_path: Path) -> None:
    there, project = folders(tmp_path)
    outcome = on_airflow(airflow, there, ASKS, go=False)
    assert outcome == here(project, ASKS, go=False)
    assert airflow.tasks["sign_off.question"] == "skipped"
