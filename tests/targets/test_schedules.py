"""A schedule means the same on every target: its next moments, and those of what each target was given."""

from __future__ import annotations

import datetime
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError

from mlspec.crontab import plain, times_of
from mlspec.diagnostics import Diagnostic, has_errors
from mlspec.ir.model import Plan
from mlspec.ir.triggers import Overlapping, Schedule
from mlspec.targets.base import targets
from mlspec.targets.schedules import clock_changes
from tests.engines import jenkins_cron
from tests.targets.built import plan, step

UTC = datetime.UTC
COUNT = 50
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Africa/Casablanca",
)
STARTS = (datetime.datetime(2027, 3, 12, 12, tzinfo=UTC), datetime.datetime(2027, 10, 29, 12, tzinfo=UTC))
DAY_NAMES = ("sun", "MON", "tue", "wed", "thu", "fri", "sat")
MONTH_NAMES = ("jan", "feb", "mar", "APR", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
GIVEN = [
    "0 2 * * 0", "0 2 * * 7", "0 2 * * sun", "0 2 * * 0,3", "0 2 1 * 0", "0 2 * * 5-7", "0 2 * * 5/2", "0 2 * * */2", "0 2 * * */7",
    # The first and last fields together; days that no such month has.
    "0 2 1 * 0-6", "0 2 1-31 * 1", "0 2 */2 * 1", "0 2 1 * */2", "0 2 */2 * *", "0 0 30 2 1", "0 0 31 feb,apr 0,5", "0 9-17/4 * * 1-5",
    "1-1/7 3 * * *", "5/20 4 1,15 * fri-7", "30 2 * * *", "0 2 * * *", "*/30 1-3 * * *", "30 * * * *", "0 0 L * *", "0 0 * * 5L",
    "0 0 * * fri#2", "0 0 LW * *", "0 0 1,L * 5L", "0 0 * * 1,5#2", "0 0 29 2 *", "59 23 31 12 *", "7 1,13 * jan-mar sat", "0 0 L * 1",
    "0 0 15,L * *",
    "0 0 1 * 5#2", "0 0 * * 1#1,7#2", "0 0 31 2,4 5#2",
]  # fmt: skip


def field(draw: random.Random, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    def number() -> str:
        value = draw.randint(low, high)
        return draw.choice((str(value), names[(value - low) % len(names)])) if names else str(value)

    def part() -> str:
        kind = draw.randrange(5)
        step = f"/{draw.randint(1, high)}" if draw.random() < 0.4 else ""
        if kind == 0:
            return f"*{step}"
        if kind < 3:
            return number()
        if kind == 3:
            return f"{draw.randint(low, high)}/{draw.randint(1, high)}"
        first, last = sorted((draw.randint(low, high), draw.randint(low, high)))
        return f"{first}-{last}{step}"

    if draw.random() < 0.4:
        return "*"
    return ",".join(part() for _ in range(draw.choice((1, 1, 1, 2, 3))))


def lines(seed: int, count: int) -> Iterator[str]:
    """Valid lines that come."""
    draw = random.Random(seed)
    while count:
        hour = str(draw.randint(0, 4)) if draw.random() < 0.5 else field(draw, 0, 23)
        line = (
            f"{field(draw, 0, 59)} {hour} {field(draw, 1, 31)} {field(draw, 1, 12, MONTH_NAMES)} {field(draw, 0, 7, DAY_NAMES)}"
        )
        try:
            next(CronSim(line, datetime.datetime(2024, 1, 1)))
        except (CronSimError, StopIteration):
            continue
        count -= 1
        yield line


def made(line: str, zone: str) -> Plan:
    return plan("times", step("a"), schedule=Schedule(line, zone))


def given_to_jenkins(source: str) -> str:
    [text] = re.findall(r"cron\(('''.*?'''|'.*?')\)", source, re.DOTALL)
    return str(text).strip("'").removeprefix("\\\n")


def given_to_airflow(source: str) -> tuple[str, str]:
    [line] = re.findall(r'schedule="(.*)",', source)
    [zone] = re.findall(r'tz="(.*)"', source)
    return line, zone


def own(line: str, zone: str, near: datetime.datetime) -> list[datetime.datetime]:
    """The last moment before, and those that follow it."""
    local = near.astimezone(ZoneInfo(zone))
    before = next(CronSim(line, local, reverse=True))
    return [moment.astimezone(UTC) for moment in (before, *islice(CronSim(line, before), COUNT))]


def without_changes(moments: list[datetime.datetime], zone: str) -> list[datetime.datetime]:
    """Those that are not near a change of clocks, and not after the last one that may be near."""
    day = datetime.timedelta(days=1)
    return [moment for moment in moments if all(abs(moment - change) > day for change in clock_changes(zone))]


def agree(
    line: str, zone: str, findings: list[Diagnostic], mine: list[datetime.datetime], theirs: list[datetime.datetime]
) -> None:
    if findings:
        assert [finding.code for finding in findings] == ["MLS504"]
        if len(times_of(line).hours) == 24:
            return  # Airflow counts hours from the start before, which may be months ago: all of the next day is late
        mine, theirs = without_changes(mine, zone), without_changes(theirs, zone)
        count = min(len(mine), len(theirs))  # one more start at a change is one fewer at the end
        mine, theirs = mine[:count], theirs[:count]
    assert theirs == mine, f"{line} in {zone}"


DRAWN = [*GIVEN, *lines(seed=11, count=70)]


def test_jenkins_starts_when_the_spec_says() -> None:
    refused = 0
    for number, line in enumerate(DRAWN):
        zone = ZONES[number % len(ZONES)]
        plan_ = made(line, zone)
        findings = targets()["jenkins"].check(plan_)
        if has_errors(findings):
            refused += 1
            assert re.search("[L#]", line.split(maxsplit=2)[2].upper().replace("JUL", "")), line
            continue
        text = given_to_jenkins(targets()["jenkins"].emit(plan_)[0].content)
        for near in STARTS:
            after, *mine = own(line, zone, near)
            agree(line, zone, findings, mine, list(islice(jenkins_cron.starts(text, after), COUNT)))
    assert refused == 11


@pytest.mark.airflow
def test_airflow_starts_when_the_spec_says(tmp_path: Path) -> None:
    asked, expected, refused = [], [], set()
    for number, line in enumerate(DRAWN):
        zone = ZONES[number % len(ZONES)]
        plan_ = made(line, zone)
        findings = targets()["airflow"].check(plan_)
        if has_errors(findings):
            refused.add(line)
            continue
        for near in STARTS:
            after, *mine = own(line, zone, near)
            asked.append([*given_to_airflow(targets()["airflow"].emit(plan_)[0].content), after.isoformat(), COUNT])
            expected.append((line, zone, findings, mine))
    script = Path(jenkins_cron.__file__).with_name("airflow_cron.py")
    answer = subprocess.run(
        [sys.executable, "-P", str(script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        env={"AIRFLOW_HOME": str(tmp_path)},
    )
    for (line, zone, findings, mine), theirs in zip(expected, json.loads(answer.stdout), strict=True):
        agree(line, zone, findings, mine, [datetime.datetime.fromisoformat(moment) for moment in theirs])
    unlike = {line for line in refused if line in GIVEN}
    assert unlike == {
        "0 2 */2 * 1",
        "0 2 1 * */2",
        "0 0 LW * *",
        "0 0 * * 1,5#2",
        "0 0 1 * 5#2",
        "0 0 1,L * 5L",
    }
    assert len(refused) < len(DRAWN) / 4


def test_what_a_line_means_is_what_the_library_reads() -> None:
    for line in DRAWN:
        times = times_of(line)
        moments = list(islice(CronSim(line, datetime.datetime(2027, 2, 25)), 30))
        assert all(times.at(moment) for moment in moments), line
        for before, after in pairwise(moments):
            between = before + (after - before) // 2
            assert not times.at(between.replace(second=0)) or between.replace(second=0) in moments, line


@pytest.mark.parametrize(
    ("line", "zone", "said"),
    [
        ("30 2 * * *", "Europe/Berlin", {"airflow": "at 03:30 (+0200) instead of 03:00 (+0200)", "jenkins": "not at 03:00 (+0200)"}),
        ("0 2 * * *", "Europe/Berlin", {"airflow": "at 02:00 (+0100) instead of 02:00 (+0200)", "jenkins": "not at 03:00 (+0200)"}),
        (
            "30 1 31 10 *",
            "Europe/London",
            {"airflow": "at 01:30 (+0000) instead of 01:30 (+0100)", "jenkins": "once more, at 01:30 (+0000)"},
        ),
        ("0 2 * * 1", "Europe/Berlin", {}),  # clocks change on Sundays
        ("30 4 * * *", "Europe/Berlin", {}),
        ("30 * * * *", "Europe/Berlin", {}),
        ("30 2 * * *", "UTC", {}),
        ("30 2 * * *", "Asia/Kolkata", {}),
    ],
)  # fmt: skip
def test_other_starts_when_clocks_change_are_warned_of(line: str, zone: str, said: dict[str, str]) -> None:
    for name in ("airflow", "jenkins"):
        found = targets()[name].check(made(line, zone))
        assert [finding.severity for finding in found] == ["warning"] * (name in said)
        for finding in found:
            assert finding.message.endswith(f"{name.title()} starts `{line}` {said[name]}")


@pytest.mark.parametrize(
    ("numbers", "low", "high", "text"),
    [
        (range(60), 0, 59, "*"),
        ((0, 15, 30, 45), 0, 59, "*/15"),
        ((5, 25, 45), 0, 59, "5,25,45"),
        ((1, 3, 5, 7), 0, 23, "1-7/2"),
        ((0, 30), 0, 59, "0,30"),
        ((1, 2, 3, 5, 8, 9), 0, 59, "1-3,5,8,9"),
        ((4,), 0, 59, "4"),
    ],
)
def test_numbers_are_written_as_people_do(numbers: tuple[int, ...], low: int, high: int, text: str) -> None:
    assert plain(frozenset(numbers), low, high) == text


SEVERAL = (Schedule("0 2 * * sun", "America/New_York"), Schedule("30 6 1 * *", "America/New_York"), Schedule("0 2 * * 0,7"))


def several(*schedules: Schedule, **fields: object) -> Plan:
    return plan("times", step("a"), schedule=schedules[0], more_schedules=schedules[1:], **fields)


def test_jenkins_has_all_schedules_in_one_trigger() -> None:
    made_ = several(*SEVERAL[:2])
    assert [finding.severity for finding in targets()["jenkins"].check(made_)] == ["warning"]  # of New York's clocks
    text = given_to_jenkins(targets()["jenkins"].emit(made_)[0].content)
    assert text.split("\n") == ["TZ=America/New_York", "0 2 * * 0", "30 6 1 * *"]


@pytest.mark.parametrize("name", ["airflow", "jenkins"])
def test_schedules_in_several_zones_are_refused(name: str) -> None:
    found = targets()[name].check(several(*SEVERAL, target_options={"airflow": {"version": 3}}))
    errors = [(finding.code, finding.path) for finding in found if finding.severity == "error"]
    assert errors == [("MLS501", "triggers.schedule.2.timezone")]


def test_airflow_2_has_one_schedule() -> None:
    found = [finding for finding in targets()["airflow"].check(several(*SEVERAL[:2])) if finding.severity == "error"]
    assert [(finding.code, finding.path) for finding in found] == [("MLS543", "triggers.schedule.1")]


@pytest.mark.parametrize(
    ("kind", "limit", "refusing", "lines"),
    [
        ("queue", 1, set(), {"airflow": "    max_active_runs=1,", "jenkins": "        disableConcurrentBuilds()"}),
        ("queue", 3, {"jenkins"}, {"airflow": "    max_active_runs=3,"}),
        ("cancel", 1, {"airflow"}, {"jenkins": "        disableConcurrentBuilds(abortPrevious: true)"}),
        ("skip", 1, {"airflow", "jenkins"}, {}),
    ],
)
def test_overlap_is_native_or_refused(kind: str, limit: int, refusing: set[str], lines: dict[str, str]) -> None:
    made_ = plan("times", step("a"), overlap=Overlapping(kind, limit))  # type: ignore[arg-type]
    found = {name: targets()[name].check(made_) for name in ("airflow", "jenkins")}
    assert {name for name, findings in found.items() if has_errors(findings)} == refusing
    assert all(finding.path == "triggers.overlap" and finding.hint for findings in found.values() for finding in findings)
    for name, line in lines.items():
        assert line in targets()[name].emit(made_)[0].content.split("\n")
    assert all("max_active_runs" not in file.content for file in targets()["airflow"].emit(plan("times", step("a"))))
