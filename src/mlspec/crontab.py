"""Lines of a crontab: which moments they mean, and how these are written in plain numbers.

In: a valid line of five fields. Out: its `Times`; plain text of its fields; the moments in a zone. Owns what cron lines mean: what the
library `cronsim`, that is Debian's cron, reads. Never knows how an orchestrator reads one (see `targets.schedules`).
Change it when lines can say more.
"""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STEPPED = 4
"""From how many numbers on a row with equal gaps is written `a-b/n`."""
_START = datetime.datetime(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of the month."""

    numbers: frozenset[int]
    last: bool = False
    """`L`: the last day."""
    last_workday: bool = False
    """`LW`: the last day from Monday to Friday."""


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Days of the week; 0 is Sunday."""

    numbers: frozenset[int]
    last: frozenset[int] = frozenset()
    """`5L`: the last Friday of the month."""
    nth: frozenset[tuple[int, int]] = frozenset()
    """`5#2`: the second Friday of the month."""


@dataclass(frozen=True, slots=True)
class Days:
    """Those days of the month that are these weekdays; None where all are meant."""

    month_days: MonthDays | None
    weekdays: Weekdays | None


@dataclass(frozen=True, slots=True)
class Times:
    """What a line means."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    days: tuple[Days, ...]
    """One of them, or two of which either is enough."""

    def on(self, day: datetime.date) -> bool:
        """Whether there are any times on a day."""
        return day.month in self.months and any(_is_day(days, day) for days in self.days)

    def at(self, moment: datetime.datetime) -> bool:
        """Whether it is one of them, as clocks show it."""
        return moment.minute in self.minutes and moment.hour in self.hours and self.on(moment.date())


@cache
def times_of(line: str) -> Times:
    """Return what a valid line means."""
    from cronsim import CronSim

    read = CronSim(line, _START)
    months, weekday_items = frozenset(read.months), read.weekdays
    longest = max(_LONGEST_MONTHS[month - 1] for month in months)
    month_days = MonthDays(
        frozenset(day for day in read.days if 1 <= day <= longest),  # a day that no such month has is none
        CronSim.LAST in read.days,
        CronSim.LAST_WEEKDAY in read.days,
    )
    pairs = [item for item in weekday_items if isinstance(item, tuple)]
    weekdays = Weekdays(
        frozenset(item % 7 for item in weekday_items if isinstance(item, int)),
        frozenset(day % 7 for day, which in pairs if which == CronSim.LAST),
        frozenset((day % 7, which) for day, which in pairs if which != CronSim.LAST),
    )
    return Times(
        frozenset(read.minutes), frozenset(read.hours), months, _days(month_days, weekdays, longest, both=read.day_and)
    )


def _days(month_days: MonthDays, weekdays: Weekdays, longest: int, *, both: bool) -> tuple[Days, ...]:
    first = None if len(month_days.numbers) == longest else month_days
    second = None if len(weekdays.numbers) == 7 else weekdays
    if both or (first is None and second is None):
        return (Days(first, second),)
    if first is None or second is None:
        return (Days(None, None),)  # either is enough, and one is always there
    alone = [Days(first, None)] if first != MonthDays(frozenset()) else []
    return (*alone, Days(None, second))


def _is_day(days: Days, day: datetime.date) -> bool:
    return (days.month_days is None or _is_month_day(days.month_days, day)) and (
        days.weekdays is None or _is_weekday(days.weekdays, day)
    )


def _is_month_day(wanted: MonthDays, day: datetime.date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if day.day in wanted.numbers or (wanted.last and day.day == last):
        return True
    workday = last - max(0, datetime.date(day.year, day.month, last).weekday() - 4)
    return wanted.last_workday and day.day == workday


def _is_weekday(wanted: Weekdays, day: datetime.date) -> bool:
    weekday = day.isoweekday() % 7
    is_last = day.day + 7 > monthrange(day.year, day.month)[1]
    return weekday in wanted.numbers or (is_last and weekday in wanted.last) or (weekday, (day.day + 6) // 7) in wanted.nth


def plain(numbers: Collection[int], low: int, high: int, *, star: bool = True) -> str:
    """Numbers of a field from `low` to `high` in the forms that every cron knows; with a `*` only where that is allowed."""
    found = sorted(numbers)
    if star and found == list(range(low, high + 1)):
        return "*"
    step = found[1] - found[0] if len(found) > 1 else 1
    if step > 1 and all(after - before == step for before, after in pairwise(found)):
        if star and found[0] == low and found[-1] + step > high and len(found) > 2:
            return f"*/{step}"
        if len(found) >= _STEPPED:
            return f"{found[0]}-{found[-1]}/{step}"
    return ",".join(_runs(found))


def _runs(found: list[int]) -> Iterator[str]:
    """Numbers, three or more neighbours as a range."""
    start = 0
    for end in range(1, len(found) + 1):
        if end < len(found) and found[end] == found[end - 1] + 1:
            continue
        run = found[start:end]
        yield from (f"{run[0]}-{run[-1]}",) if len(run) > 2 else map(str, run)
        start = end


def moments(line: str, timezone: str, after: datetime.datetime, *, back: bool = False) -> Iterator[datetime.datetime]:
    """The moments that a line means in a zone, from the first one after an aware moment on, or from the one before it backwards."""
    from cronsim import CronSim

    return iter(CronSim(line, after.astimezone(ZoneInfo(timezone)), reverse=back))
