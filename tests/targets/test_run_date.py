"""`run.date` and `run.day` on every engine: what each takes for the time that a run is for. Files mention it only where it is read."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mlspec import api
from mlspec.ir.features import Feature, features_of
from mlspec.ir.model import Plan
from mlspec.targets.base import targets
from tests.engines import jenkins, kfp_local
from tests.engines.airflow import Airflow

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: dated}
environments: {ml: {image: acme/ml:1}}
defaults: {environment: ml}
steps:
  extract: {with: {date: "${{ run.date }}"}, run: "test ${{ run.date }} = ${{ with.date }} > ${{ outputs.t }}", outputs: {t: dataset}}
  quiet: {inputs: {t: extract.t}, run: "true"}
  each:
    needs: [extract]
    foreach: [north, south]
    with: {day: "day ${{ run.day }}"}
    when: run.day > "2019"
    run: "true"
  check: {needs: [extract], gate: ["run.date != run.day"]}
finally:
  bye: {run: "true", with: {day: "${{ run.day }}"}}
"""
SCHEDULE = 'triggers: {schedule: {cron: "30 23 * * *", timezone: Europe/Berlin}}\n'
QUIET = SPEC.replace("${{ run.date }}", "${{ run.id }}").replace("${{ run.day }}", "x").replace("run.day >", "run.id >")
QUIET = QUIET.replace("run.date != run.day", "run.id != ''")


def planned(folder: Path, text: str) -> Plan:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlspec.yaml").write_text(text, encoding="utf-8")
    return api.plan(api.load(folder / "mlspec.yaml"))


def records(project: Path) -> dict[str, Any]:
    root = project / ".mlspec" / "store" / "dated"
    found = [json.loads(path.read_text()) for path in root.rglob("_record.json")]
    return {f"{one['step']}[{one['instance']}]" if one["instance"] is not None else one["step"]: one for one in found}


def check(project: Path, zone: datetime.tzinfo | None = None) -> str:
    """The date that the first step read; all others have read its day in the zone."""
    found = records(project)
    date = str(found["extract"]["with"]["date"])
    day = datetime.datetime.fromisoformat(date).astimezone(zone or ZoneInfo("Europe/Berlin")).date().isoformat()
    assert {one["status"] for one in found.values()} == {"succeeded"}
    assert [found[f"each[{index}]"]["with"] for index in (0, 1)] == [{"day": f"day {day}"}] * 2
    assert found["bye"]["with"] == {"day": day}
    return date


def near(date: str, began: datetime.datetime) -> bool:
    """Whether a date is between the begin of a test and now."""
    return began.replace(microsecond=0) <= datetime.datetime.fromisoformat(date) <= datetime.datetime.now(datetime.UTC)


def emitted(made: Plan, target: str) -> list[Any]:
    if target == "kubeflow" and made.folder is not None:
        made = kfp_local.with_shared_store(made, Path(made.folder))
    files, findings = api.emit(made, targets()[target])
    assert files is not None, findings
    return files


def test_here_it_is_what_date_says(tmp_path: Path) -> None:
    api.run(planned(tmp_path, SPEC + SCHEDULE), date="2026-11-30T23:30:00Z")
    assert check(tmp_path) == "2026-11-30T23:30:00Z"
    assert records(tmp_path)["bye"]["with"] == {"day": "2026-12-01"}


@pytest.mark.parametrize("text", [SPEC, QUIET], ids=["reads", "reads none"])
@pytest.mark.parametrize("target", ["airflow", "jenkins", "kubeflow"])
def test_files_mention_it_where_it_is_read_alone(target: str, text: str, tmp_path: Path) -> None:
    made = planned(tmp_path, text)
    content = "".join(file.content for file in emitted(made, target))
    words = ("run-date", "MLSPEC_RUN_DATE", "startTimeInMillis", "schedule_time", "timezone")
    assert any(word in content for word in words) == (text == SPEC)
    assert any(use.feature is Feature.RUN_DATE for use in features_of(made)) == (text == SPEC)


@pytest.mark.kfp
def test_a_component_of_kubeflow_takes_it_where_its_step_reads_it_alone(tmp_path: Path) -> None:
    [file] = emitted(planned(tmp_path, SPEC), "kubeflow")
    components = kfp_local.load(file.content).pipeline_spec.components
    takes = {name for name, one in components.items() if "run-date" in one.input_definitions.parameters}
    assert takes == {f"comp-{name}" for name in ("extract", "each", "each-instances", "each-instance", "check", "bye")}


@pytest.mark.parametrize(("zone", "count"), [("UTC", 0), ("Europe/Berlin", 3)])
@pytest.mark.parametrize("target", ["airflow", "jenkins"])
def test_the_zone_is_named_where_a_day_is_read_in_another_than_utc(target: str, zone: str, count: int, tmp_path: Path) -> None:
    made = planned(tmp_path, SPEC + SCHEDULE.replace("Europe/Berlin", zone))
    assert "".join(file.content for file in emitted(made, target)).count("--timezone") == count


@pytest.mark.groovy
def test_on_jenkins_it_is_the_start_of_the_build(tmp_path: Path) -> None:
    began = datetime.datetime.now(datetime.UTC)
    made = planned(
        tmp_path, SPEC.replace("environments: {ml: {image: acme/ml:1}}\ndefaults: {environment: ml}\n", "") + SCHEDULE
    )
    [file] = emitted(made, "jenkins")
    done = jenkins.build(tmp_path, file.content)
    assert done.result == "SUCCESS", done.log
    assert near(check(tmp_path), began)


@pytest.mark.kfp
def test_on_kubeflow_it_is_the_time_that_kfp_says(tmp_path: Path) -> None:
    began = datetime.datetime.now(datetime.UTC)
    made = planned(tmp_path, SPEC)
    done = kfp_local.run(tmp_path, made, emitted(made, "kubeflow"), {})
    assert done.status == "succeeded"
    assert near(check(tmp_path, datetime.UTC), began)


TEMPLATE = (
    "{{ (dag_run.run_type in ('scheduled', 'backfill') and dag_run.data_interval_end)"
    " or dag_run.logical_date or dag_run.run_after }}"
)


def when_scheduled(engine: Airflow, project: Path) -> None:
    """A scheduled run is for the time at which the schedule starts it, whatever the installed Airflow takes for its logical date."""
    files = emitted(planned(project, SPEC + SCHEDULE), "airflow")
    assert f'"MLSPEC_RUN_DATE": "{TEMPLATE}"' in files[0].content
    fires, text = engine.scheduled(project, files, "2026-11-30T00:00:00Z", TEMPLATE)
    assert datetime.datetime.fromisoformat(text) == datetime.datetime.fromisoformat(fires)


@pytest.mark.airflow
@pytest.mark.slow
def test_on_airflow_it_is_the_logical_date(airflow: Airflow, tmp_path: Path) -> None:
    project = tmp_path / "run"
    made = planned(project, SPEC + SCHEDULE)
    done = airflow.run(project, made, emitted(made, "airflow"), {}, date="2026-11-30T23:30:00+00:00")
    assert done.status == "succeeded"
    assert check(project) == "2026-11-30T23:30:00Z"
    when_scheduled(airflow, tmp_path / "scheduled")


@pytest.mark.airflow2
@pytest.mark.slow
def test_on_airflow_2_a_scheduled_run_is_for_the_same(airflow_2: Airflow, tmp_path: Path) -> None:
    when_scheduled(airflow_2, tmp_path)
