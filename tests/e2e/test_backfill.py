"""`mlspec run --backfill`, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: daily}
params: {seed: 7}
steps:
  s: {run: 'echo ${{ run.date }} ${{ params.seed }} >> ran; test ${{ run.day }} != 2026-03-29'}
"""
SCHEDULE = "triggers: {{schedule: {{cron: '{}', timezone: Europe/Berlin}}}}\n"
EVERY = ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
"""Half past two, over a change of clocks that leaves it out once."""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlspec.yaml").write_text(SPEC + SCHEDULE.format("30 2 * * *"))
    return tmp_path


def ran(project: Path) -> list[str]:
    path = project / "ran"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def test_it_runs_each_scheduled_moment_and_stops_at_a_failure(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-p", "seed=8", "--backfill", "2026-03-28..2026-03-30"]) == 1
    out = capsys.readouterr().out
    assert ran(project) == EVERY[:2]
    assert (project / "ran").read_text().splitlines()[0].endswith(" 8")
    assert "1 of 3 runs succeeded\nfailed: 2026-03-29T01:00:00Z, run " in out
    rest = out.splitlines()[-1]
    assert rest == "1 did not start: mlspec run -p seed=8 --backfill 2026-03-30T00:30:00Z..2026-03-30"
    assert main(rest.split()[5:]) == 0
    assert ran(project) == EVERY


def test_a_run_shows_which_time_it_was_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-q", "--date", "2026-03-28T01:30:00Z"]) == 0
    capsys.readouterr()
    assert main(["runs", "show", "latest"]) == 0
    assert "\n  for      2026-03-28 01:30:00 UTC\n" in capsys.readouterr().out
    assert main(["run", "-q"]) == 0
    capsys.readouterr()
    assert main(["runs", "show", "latest"]) == 0
    assert "\n  for " not in capsys.readouterr().out


def test_it_keeps_going(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-q", "--keep-going", "--backfill", "2026-03-28..2026-03-30"]) == 1
    assert ran(project) == EVERY
    assert "failed: 2026-03-29T01:00:00Z, run " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("span", "dates"),
    [
        ("2026-03-28T01:30:00Z..2026-03-28T01:30:00Z", EVERY[:1]),
        ("2026-03-28T01:30:01Z..2026-03-29T00:59:59Z", []),
        ("2026-03-28..2026-03-28T12:00", EVERY[:1]),
        ("2026-03-30 .. 2026-03-30", EVERY[2:]),
    ],
)
def test_both_ends_are_included(project: Path, span: str, dates: list[str]) -> None:
    assert main(["run", "--backfill", span]) == (0 if dates else 2)
    assert ran(project) == dates


def test_without_a_schedule_it_runs_each_day(project: Path) -> None:
    (project / "mlspec.yaml").write_text(SPEC)
    assert main(["run", "--backfill", "2026-02-27..2026-03-01"]) == 0
    assert ran(project) == ["2026-02-27T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--backfill", "2026-03-30..2026-03-28"], "ends before it begins"),
        (["--backfill", "2026-03-30"], "write FROM..TO"),
        (["--backfill", "..2026-03-30"], "write FROM..TO"),
        (["--backfill", "2026-03-30..later"], "'later' is no date"),
        (["--backfill", "2026-03-30..2026-02-30"], "is no date"),
        (["--backfill", "2026-03-30..2026-03-31", "--date", "2026-03-30"], "leave --date out"),
        (["--backfill", "2026-03-30..2026-03-31", "--resume", "latest"], "leave --resume out"),
        (["--backfill", "2026-03-30..2026-03-31", "--only", "s"], "leave --only out"),
        (["--keep-going"], "--keep-going is for --backfill"),
    ],
)
def test_what_is_wrong_usage(project: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *words]) == 2
    assert said in capsys.readouterr().err
    assert ran(project) == []


def test_a_stretch_with_too_many_runs_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "mlspec.yaml").write_text(SPEC + SCHEDULE.format("* * * * *"))
    assert main(["run", "--backfill", "2020-01-01..2026-01-01"]) == 2
    assert "more than 10000 runs" in capsys.readouterr().err
