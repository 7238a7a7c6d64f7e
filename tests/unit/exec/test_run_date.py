"""`run.date` and `run.day`, as a step process finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.exec.conftest import Project

DATE = ("--run-date", "2026-11-30T23:30:00Z")
READS = ("--with", "d=${{ run.date }} ${{ run.day }}", "--shell", "echo ${{ with.d }} ${{ run.day }}")


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (DATE, {}, "2026-11-30T23:30:00Z 2026-11-30 2026-11-30\n"),
        ((*DATE, "--timezone", "Europe/Berlin"), {}, "2026-11-30T23:30:00Z 2026-12-01 2026-12-01\n"),
        ((), {"MLSPEC_RUN_DATE": "2026-11-30 23:30:00.5+00:00"}, "2026-11-30T23:30:00Z 2026-11-30 2026-11-30\n"),
        (DATE, {"MLSPEC_RUN_DATE": "2020-01-01T00:00:00Z"}, "2026-11-30T23:30:00Z 2026-11-30 2026-11-30\n"),
        (("--run-date", "@1764471600000"), {}, "2025-11-30T03:00:00Z 2025-11-30 2025-11-30\n"),
    ],
)
def test_a_step_reads_them(project: Project, words: tuple[str, ...], variables: dict[str, str], said: str) -> None:
    assert project.done("--step", "s", *words, *READS, **variables) == said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "neither --run-date nor MLSPEC_RUN_DATE says what the run is for"),
        (("--run-date", ""), "neither --run-date nor"),
        (("--run-date", "today"), "'today' is no date: write 2026-11-30 or"),
        (("--run-date", "{{$.pipeline_job_schedule_time_utc}}"), "this Kubeflow does not know {{$.pipeline_job_schedule"),
        ((*DATE, "--timezone", "Nowhere/Else"), "the time zone Nowhere/Else is not known here: install `tzdata`"),
    ],
)
def test_who_says_none_fails_where_it_is_read_and_there_alone(project: Project, words: tuple[str, ...], message: str) -> None:
    assert message in project.fails("--step", "s", *words, *READS)
    assert "run.d" in project.record("s")["error"]
    project.done("--step", "t", *words, "--shell", "true")


def test_conditions_read_them(project: Project) -> None:
    for when, status in (('run.day > "2026-11-29" && run.date.endsWith("Z")', 0), ('run.day == "2026-11-29"', 99)):
        assert project.exec("--step", "s", *DATE, "--when", when, "--shell", "true").returncode == status
    assert project.exec("--step", "s", "--when", '"run.day" != "x.run.date"', "--shell", "true").returncode == 0
    gate = ("--step", "g", *DATE, "--gate", 'run.day == "2026-01-01"')
    assert 'run.day == "2026-01-01" (run.day = "2026-11-30")' in project.fails(*gate)


def test_what_a_step_starts_does_not_see_the_variable(project: Project) -> None:
    said = project.done("--step", "s", "--shell", "echo ${MLSPEC_RUN_DATE-none}", MLSPEC_RUN_DATE="2026-11-30T03:00:00Z")
    assert said == "none\n"


@pytest.mark.parametrize(
    ("script", "other", "again"),
    [
        ("echo ${{ run.date }} > ${{ outputs.o }}", "2026-11-30T23:31:00Z", True),
        ("echo ${{ run.day }} > ${{ outputs.o }}", "2026-11-30T01:00:00Z", False),
        ("echo ${{ run.day }} > ${{ outputs.o }}", "2026-12-01T01:00:00Z", True),
        ("echo run.date > ${{ outputs.o }}", "2020-11-30T23:31:00Z", False),
        ("echo ${{ with.d }} > ${{ outputs.o }}", "2026-12-01T01:00:00Z", True),
        ("echo ${{ run.id }} > ${{ outputs.o }}", "2026-11-30T23:30:00Z", True),
        ("echo > ${{ outputs.o }}", "2026-12-01T01:00:00Z", False),
    ],
)
def test_the_cache_counts_what_is_read_alone(project: Project, script: str, other: str, again: bool) -> None:
    with_ = ("--with", "d=${{ run.day }}") if "with.d" in script else ()
    words = ("--cache", "--step", "s", "--output", "o=artifact", "--environment", "ml@x", *with_)
    project.done(*words, *DATE, "--shell", f"echo x >> runs; {script}")
    project.done(*words, "--run-date", other, "--shell", f"echo x >> runs; {script}", run="two")
    assert (project.root / "runs").read_text().count("x") == 1 + again
