"""What the real Airflow reads from generated files, and what its Jinja and bash make of awkward text."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlspec.expr.values import as_text, typed
from mlspec.invocation.arguments import step_options
from mlspec.invocation.from_plan import invocation
from mlspec.ir.bodies import Shell
from mlspec.ir.declarations import Parameter
from mlspec.ir.model import Plan
from mlspec.ir.triggers import Overlapping, Schedule
from mlspec.targets.airflow import TARGET
from tests.engines.airflow import Airflow
from tests.targets.airflow.plans import AWKWARD, CLASHES, CREDIT, DIAMOND, FAILING, task_of
from tests.targets.airflow.specs import ASKS, DOCKER, FAN, FINALS, LISTS, PODS
from tests.targets.built import plan, step

pytestmark = [pytest.mark.airflow, pytest.mark.slow]
PLANS = {made.lifecycle: made for made in (CREDIT, CLASHES, DIAMOND, FAILING)}
PLANS["version-3"] = replace(CREDIT, target_options={"airflow": {"version": 3}})
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TEXT = st.text(
    st.one_of(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), st.sampled_from("{}%#'\"\\$`\n ")),
    max_size=40,
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)  # the others are no JSON, and refused
WHOLE = st.integers(1 - 2**53, 2**53 - 1)  # a double keeps no others, and so parameters take none
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "integer": WHOLE,
    "number": FLOATS | WHOLE,
    "boolean": st.booleans(),
    "list": st.lists(st.none() | st.booleans() | WHOLE | TEXT, max_size=4),
    "object": st.dictionaries(TEXT, st.none() | st.lists(TEXT, max_size=2) | FLOATS, max_size=4),
}


FIRST, LAST = "run-begins", "all-ended-well"
"""The tasks that frame those of steps."""


def loaded(airflow: Airflow, project: Path, made: Plan) -> dict[str, Any]:
    answer = airflow.load(project, TARGET.emit(made))
    assert (answer["errors"], answer["warnings"]) == ([], [])
    [dag] = answer["dags"].values()
    return dict(dag)


@pytest.mark.parametrize("made", [FAN, FINALS, LISTS, ASKS, DOCKER, PODS], ids=lambda made: made.lifecycle)
def test_airflow_loads_every_kind_of_task(airflow: Airflow, tmp_path: Path, made: Plan) -> None:
    assert {finding.code for finding in TARGET.check(made)} <= {"MLS538"}, "the store of those on several queues"
    tasks = loaded(airflow, tmp_path, made)["tasks"]
    ids = {task_of(each, final=each in made.finals) for each in made.all_steps()}
    assert ids <= set(tasks)
    last = {each.name for each in made.finals} | {LAST}
    owners = {name: name.partition(".") for name in tasks}
    assert {name for name, task in tasks.items() if task["teardown"]} == {
        name for name, (owner, _, part) in owners.items() if owner in last and part != "joined"
    }
    everything = {above for task in tasks.values() for above in task["upstream"]} | {LAST}
    assert everything == set(tasks)


@pytest.mark.parametrize("name", PLANS)
def test_airflow_loads_the_file_and_sees_the_graph(airflow: Airflow, tmp_path: Path, name: str) -> None:
    made = PLANS[name]
    tasks = loaded(airflow, tmp_path, made)["tasks"]
    ids = {each.id: task_of(each) for each in made.all_steps()}
    for each in made.steps:
        assert tasks[ids[each.id]]["upstream"] == (sorted({ids[name] for name in each.upstream}) or [FIRST])
        assert not tasks[ids[each.id]]["teardown"]
    for each in made.finals:
        above = {ids[name] for name in each.upstream} or {ids[each.id] for each in made.steps}
        assert tasks[ids[each.id]]["upstream"] == sorted({*above, FIRST})
        assert tasks[ids[each.id]]["teardown"]
    assert tasks[LAST]["upstream"] == sorted({*ids.values(), FIRST})
    assert tasks[LAST]["teardown"]
    assert {task["retries"] for task in tasks.values()} == {2}


@pytest.mark.parametrize("made", [FAN, DOCKER, PODS], ids=lambda made: made.lifecycle)
def test_what_has_ended_is_not_tried_again(airflow: Airflow, tmp_path: Path, made: Plan) -> None:
    found = airflow.statuses(tmp_path, TARGET.emit(made), "split", (0, 1, 2, 97, 98, 99, 126, 127, 137, 143, -9, None))
    ended = "AirflowFailException"
    assert found == ["again", ended, ended, ended, ended, "skip", ended, ended, "again", "again", "again", "again"]


def test_airflow_reads_what_the_spec_says(airflow: Airflow, tmp_path: Path) -> None:
    dag = loaded(airflow, tmp_path, CREDIT)
    assert dag["doc_md"] == CREDIT.description + "\n"
    assert dag["tags"] == ["team:risk", "tier:1"]
    assert (dag["cron"], dag["timezone"]) == ("0 3 * * 1", "Europe/Berlin")
    assert dag["defaults"] == {parameter.name: parameter.default for parameter in CREDIT.params}
    assert dag["schemas"]["min_auc"] == {"type": "number", "minimum": 0.5, "maximum": 1}
    assert dag["schemas"]["loss"] == {"type": "string", "enum": ["log", "hinge"], "pattern": "^(?:[a-z]+)$"}
    tasks = dag["tasks"]
    assert {task["owner"] for task in tasks.values()} == {"risk-ml@example.com, Zoë"}
    assert (tasks["choose"]["pool"], tasks["choose"]["queue"], tasks["ingest"]["pool"]) == ("large", "gpu", "ml")
    assert tasks["ingest"]["doc_md"] == "One row for each applicant."


def test_without_a_schedule_nothing_starts_by_itself(airflow: Airflow, tmp_path: Path) -> None:
    assert loaded(airflow, tmp_path, DIAMOND)["cron"] is None


def test_several_schedules_and_a_bound_on_runs(airflow: Airflow, tmp_path: Path) -> None:
    more = Schedule("0 12 1 * *", "Europe/Berlin")
    options = {"airflow": {**CREDIT.target_options.get("airflow", {}), "version": 3}}
    dag = loaded(
        airflow, tmp_path, replace(CREDIT, more_schedules=(more,), overlap=Overlapping("queue", 2), target_options=options)
    )
    assert (dag["crons"], dag["max_active_runs"]) == (["0 3 * * 1", "0 12 1 * *"], 2)


@pytest.mark.parametrize("kind", VALUES)
@FUZZ
@given(data=st.data())
def test_parameters_arrive_as_they_are(airflow: Airflow, kind: Any, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind])
    name = data.draw(st.sampled_from(["n", "items", "get", "values", "_x"]))
    made = plan("p", step("s", "true"), params=(Parameter(name, kind, value),))
    [file] = TARGET.emit(made)
    [template] = re.findall(rf'"MLSPEC_PARAM_{name.upper()}": "(.*)",', file.content)
    arrived = typed(airflow.render(template, {name: value}), kind)
    assert arrived == value
    # As text, which shows the order of keys and the kind of number too: what a local run makes of the same value.
    assert as_text(arrived) == as_text(typed(as_text(value), kind))


@pytest.mark.parametrize("script", ["{{ 1 }}", "{% raw %}", "{#", "deploy.sh"])
def test_airflow_would_spoil_a_command_that_is_no_literal(airflow: Airflow, tmp_path: Path, script: str) -> None:
    """Why the file wraps commands, and that the test below would see it."""
    [file] = TARGET.emit(plan("p", replace(step("s", ""), body=Shell(script))))
    bare = replace(
        file,
        content=file.content.replace("= literal(f", "= (f").replace(", literal\n", "\n"),
    )
    with pytest.raises((RuntimeError, AssertionError)):
        command = airflow.load(tmp_path, [bare])["dags"]["p"]["tasks"]["s"]["command"]
        assert command.endswith(shlex.quote(script))


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A command that prints its arguments as JSON, to stand where `mlspec` would."""
    path = tmp_path_factory.mktemp("listing") / "list-arguments"
    path.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@FUZZ
@given(script=TEXT, with_=TEXT)
@example(script=AWKWARD, with_=AWKWARD)
@example(script="deploy.sh", with_="{% endraw %}")
@example(script="-x\n'", with_="\n")
def test_the_step_process_gets_every_word_as_it_is(
    airflow: Airflow, listing: Path, tmp_path: Path, script: str, with_: str
) -> None:
    made = plan("p", replace(step("s", "", with_=(("text", with_),)), body=Shell(script)))
    command = loaded(airflow, tmp_path, made)["tasks"]["s"]["command"]
    environment = {"MLSPEC": str(listing), "MLSPEC_RUN_ID": "manual__a b'\"$", "PATH": os.environ["PATH"]}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=True)
    words = json.loads(done.stdout)
    assert words[:5] == ["exec", "--run-id", "manual__a b'\"$", "--project", str(tmp_path)]
    given_options = [word for group in step_options(invocation(made, made.steps[0])) for word in group]
    assert words[9:] == ["--fail-fast", *given_options]
