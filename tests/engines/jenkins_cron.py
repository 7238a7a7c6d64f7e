"""When Jenkins starts what has a `cron` trigger, after its documentation: a small reference of its own.

In: the text of a trigger. Out: moments. Knows what stands below "Schedule" in Jenkins' help for "Build periodically": a `TZ=` line, five
fields, `*`, `M-N`, `M-N/X`, `*/X`, lists; that 0 and 7 are Sunday; that a minute is a start when all five fields match what a clock of that
zone shows. Names, `H` and `@daily` are refused: a trigger of ours has none. Change it when Jenkins documents another grammar.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")


def starts(trigger: str, after: datetime.datetime) -> Iterator[datetime.datetime]:
    first, *lines = trigger.split("\n")
    assert first.startswith("TZ=")
    zone = ZoneInfo(first.removeprefix("TZ="))
    tables = [[_field(text, *bounds) for text, bounds in zip(line.split(), _BOUNDS, strict=True)] for line in lines]
    day = after.astimezone(zone).date() - datetime.timedelta(days=1)
    while True:
        yield from (moment for moment in sorted(_of_a_day(tables, day, zone)) if moment > after)
        day += datetime.timedelta(days=1)


def _of_a_day(tables: list[list[set[int]]], day: datetime.date, zone: ZoneInfo) -> set[datetime.datetime]:
    found = set()
    for minutes, hours, days, months, weekdays in tables:
        if day.day in days and day.month in months and weekdays & {day.isoweekday(), day.isoweekday() % 7}:
            for hour in hours:
                for minute in minutes:
                    shown = datetime.datetime.combine(day, datetime.time(hour, minute))
                    for fold in (0, 1):
                        moment = shown.replace(tzinfo=zone, fold=fold).astimezone(datetime.UTC)
                        if moment.astimezone(zone).replace(tzinfo=None) == shown:  # else no clock ever shows it
                            found.add(moment)
    return found


def _field(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        assert match is not None, f"Jenkins does not know {part}"
        first, last, step = (int(number) if number else None for number in match.groups())
        assert first is None or step is None or last is not None, f"Jenkins does not know {part}"
        begin, end = (low, high) if first is None else (first, first if last is None else last)
        assert low <= begin <= end <= high, f"{part} is out of bounds"
        assert step is None or step >= 1
        found |= set(range(begin, end + 1, step or 1))
    return found
