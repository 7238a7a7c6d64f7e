"""The time that a run here is for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec.cli.main import main
from mlspec.engine import RunError
from mlspec.ir.model import Plan
from mlspec.ir.triggers import Schedule
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import plan, step

READS = step(
    "s", "echo ${{ run.date }} ${{ run.day }} > ${{ outputs.o }}", outputs={"o": "artifact"}, run_fields=("date", "day")
)
BERLIN = replace(plan(READS), schedule=Schedule("0 5 * * *", "Europe/Berlin"))


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("2026-11-30", "2026-11-29T23:00:00Z 2026-11-30\n"),
        ("2026-11-30T23:30:00Z", "2026-11-30T23:30:00Z 2026-12-01\n"),
        ("2026-11-30T23:30:00-08:00", "2026-12-01T07:30:00Z 2026-12-01\n"),
        ("2026-11-30T23:30", "2026-11-30T22:30:00Z 2026-11-30\n"),
    ],
)
def test_a_date_is_a_moment_or_a_day_of_the_schedules_zone(project: Project, date: str, said: str) -> None:
    ran = project.run(BERLIN, date=date)
    assert project.read(BERLIN, ran, "s", "o") == said


def test_a_run_without_one_is_for_its_start(project: Project) -> None:
    made = plan(READS)
    ran = project.run(made)
    date, day = project.read(made, ran, "s", "o").split()
    manifest = project.runs(made).manifest(ran.outcome.run_id)
    assert manifest is not None
    assert date == manifest["date"] and day == date[:10]
    assert date[:19] <= str(manifest["started"])[:19]


def test_a_resumed_run_keeps_it_and_takes_no_other(project: Project) -> None:
    breaks = step(
        "last", "[ -e mended ]; echo ${{ run.day }} > ${{ outputs.o }}", "s", outputs={"o": "artifact"}, run_fields=("day",)
    )
    made = plan(READS, breaks)
    first = project.run(made, date="2020-02-29")
    with pytest.raises(RunError, match="is for 2020-02-29T00:00:00Z: a resumed run keeps its date"):
        project.run(made, resume="latest", date="2020-03-01")
    project.write("mended")
    again = project.run(made, resume="latest", date="2020-02-29T00:00:00Z")
    assert again.outcome.run_id == first.outcome.run_id
    assert project.read(made, again, "last", "o") == "2020-02-29\n"


def test_a_step_alone_on_a_runs_outputs_is_for_what_that_run_is_for(project: Project) -> None:
    made = plan(READS)
    first = project.run(made, date="2020-02-29")
    alone = project.run(made, only="s", resume=first.outcome.run_id)
    assert project.read(made, alone, "s", "o") == "2020-02-29T00:00:00Z 2020-02-29\n"
    with pytest.raises(RunError, match="keeps its date"):
        project.run(made, only="s", resume=first.outcome.run_id, date="2020-03-01")
    other = project.run(made, only="s", date="2020-03-01")
    assert project.read(made, other, "s", "o") == "2020-03-01T00:00:00Z 2020-03-01\n"


def test_a_run_begun_before_manifests_told_of_dates_is_for_its_start(project: Project) -> None:
    made = plan(READS)
    first = project.run(made)
    [path] = project.folder.rglob("_run.json")
    manifest = json.loads(path.read_text())
    del manifest["date"]
    path.write_text(json.dumps(manifest | {"started": "2020-02-29T01:02:03.456Z"}))
    with pytest.raises(RunError, match=re.escape("is for 2020-02-29T01:02:03Z")):
        project.run(made, resume=first.outcome.run_id, date="2020-02-29")


SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: daily}
steps:
  s: {run: "echo ${{ run.day }}; [ -e mended ]"}
triggers: {schedule: {cron: "0 5 * * *", timezone: Europe/Berlin}}
"""


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "2026-11-31", "", "2026-03-29T02:30"])
def test_a_bad_one_is_wrong_usage(
    date: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    assert main(["run", "--date", date]) == 2
    assert f"{date}" in capsys.readouterr().err
    assert not (tmp_path / ".mlspec").exists()


def test_another_one_with_resume_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    assert main(["run", "-v", "--date", "2026-11-30"]) == 1
    assert "s | 2026-11-30" in capsys.readouterr().out
    assert main(["run", "--resume", "latest", "--date", "2026-12-01"]) == 2
    assert "is for 2026-11-29T23:00:00Z" in capsys.readouterr().err
    (tmp_path / "mended").touch()
    assert main(["run", "-v", "--resume", "latest"]) == 0
    assert "s | 2026-11-30" in capsys.readouterr().out


def test_of_a_run_that_an_orchestrator_made_it_must_be_said(project: Project) -> None:
    made: Plan = plan(READS)
    first = project.run(made, date="2020-02-29")
    [path] = project.folder.rglob("_run.json")
    path.unlink()
    [record] = project.folder.rglob("_record.json")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"status": "failed"}))
    with pytest.raises(RunError, match="is not known here: say it by --date"):
        project.run(made, resume=first.outcome.run_id)
    again = project.run(made, resume=first.outcome.run_id, date="2020-02-29")
    assert project.read(made, again, "s", "o") == "2020-02-29T00:00:00Z 2020-02-29\n"
