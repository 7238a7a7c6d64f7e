"""Schedules as orchestrators read them: where one would start something at another time than the spec says.

In: a `Schedule`, and the moments at which an orchestrator starts. Out: fields in plain numbers; a warning (MLS504). Owns the comparison
around changes of clocks in ten fixed years. Never knows an orchestrator: each says itself when it starts.
Change it when schedules can say more.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

from mlspec.crontab import Times, moments, plain, times_of
from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.model import Plan
from mlspec.ir.triggers import Schedule

_FIRST, _LAST = datetime.date(2026, 1, 1), datetime.date(2036, 1, 1)
_WEEK = datetime.timedelta(days=7)
_MARGIN = datetime.timedelta(hours=5)
"""What is compared around a change of clocks: none moves them further, but over days, for once."""
_COMPARED = 6
"""How many changes of clocks are compared: some of either kind."""
_OFTEN = 48
"""Starts a day from which on one change of either kind is enough: all of them look alike."""
UTC = datetime.UTC

Starts = Callable[[Times, ZoneInfo, datetime.datetime, datetime.datetime], list[datetime.datetime]]
"""When an orchestrator starts what has these times in this zone: after the first moment, at which it has
started, up to the second one, both in UTC."""


def fields(times: Times) -> tuple[str, str, str]:
    """Minutes, hours and months in plain numbers."""
    return plain(times.minutes, 0, 59), plain(times.hours, 0, 23), plain(times.months, 1, 12)


@cache
def clock_changes(timezone: str) -> tuple[datetime.datetime, ...]:
    """The moments, in UTC and to the minute, at which clocks of a zone change."""
    zone, found = ZoneInfo(timezone), []
    moment = datetime.datetime(_FIRST.year, _FIRST.month, _FIRST.day, tzinfo=UTC)
    end = datetime.datetime(_LAST.year, _LAST.month, _LAST.day, tzinfo=UTC)
    while moment < end:
        later = moment + _WEEK
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            before, after = moment, later
            while after - before > datetime.timedelta(minutes=1):
                middle = before + datetime.timedelta(minutes=(after - before) // datetime.timedelta(minutes=2))
                same = middle.astimezone(zone).utcoffset() == moment.astimezone(zone).utcoffset()
                before, after = (middle, after) if same else (before, middle)
            found.append(after)
        moment = later
    return tuple(found)


def placed_schedules(plan: Plan) -> list[tuple[Schedule, str]]:
    """The schedules of a plan, and where the spec has the line of each."""
    several = bool(plan.more_schedules)
    return [
        (each, f"triggers.schedule.{index}.cron" if several else "triggers.schedule.cron")
        for index, each in enumerate(plan.schedules)
    ]


def other_zones(target: str, plan: Plan, top: Span) -> Iterator[Diagnostic]:
    """Refuse schedules of several zones, where a pipeline has one."""
    for index, each in enumerate(plan.schedules):
        if plan.schedule is not None and each.timezone != plan.schedule.timezone:
            message = f"{target} cannot do schedules in several time zones: {each.timezone} beside {plan.schedule.timezone}"
            path = f"triggers.schedule.{index}.timezone"
            yield Diagnostic("MLS501", message, each.span or top, hint="write them all in one zone", path=path)


def other_starts(target: str, schedule: Schedule, starts: Starts, top: Span, path: str) -> Iterator[Diagnostic]:
    """Warn of a schedule that `target` follows otherwise than the spec's language when clocks change."""
    times, zone = times_of(schedule.cron), ZoneInfo(schedule.timezone)
    often = len(times.minutes) * len(times.hours) > _OFTEN
    for change in islice(_changes_that_matter(times, schedule.timezone), 2 if often else _COMPARED):
        own = _around(schedule, change)
        theirs = [moment.astimezone(UTC) for moment in starts(times, zone, own[0], own[-1])]
        if own[1:] != theirs:
            yield Diagnostic(
                "MLS504",
                f"when clocks change, as on {change.astimezone(zone).date()} in {schedule.timezone}, {target} starts "
                f"`{schedule.cron}` {_said(theirs, own[1:], zone)}",
                schedule.span or top,
                severity="warning",
                hint="choose an hour in which clocks do not change, or `timezone: UTC`",
                path=path,
            )
            return


def _changes_that_matter(times: Times, timezone: str) -> Iterator[datetime.datetime]:
    """Those on its days; where every hour is meant, all: an orchestrator may count hours from the start before."""
    zone, hourly = ZoneInfo(timezone), len(times.hours) == 24
    for change in clock_changes(timezone):
        if hourly or any(times.on(moment.astimezone(zone).date()) for moment in (change - _MARGIN, change + _MARGIN)):
            yield change


def _around(schedule: Schedule, change: datetime.datetime) -> list[datetime.datetime]:
    """The moments from the last one well before a change of clocks to the first one well after it."""
    before = next(moments(schedule.cron, schedule.timezone, change - _MARGIN, back=True)).astimezone(UTC)
    found = [before]
    for moment in moments(schedule.cron, schedule.timezone, before):
        found.append(moment.astimezone(UTC))
        if found[-1] > change + _MARGIN:
            break
    return found


def _said(theirs: list[datetime.datetime], own: list[datetime.datetime], zone: ZoneInfo) -> str:
    more = [_clock(moment, zone) for moment in theirs if moment not in own]
    fewer = [_clock(moment, zone) for moment in own if moment not in theirs]
    if more and fewer:
        return f"at {more[0]} instead of {fewer[0]}"
    return f"once more, at {more[0]}" if more else f"not at {fewer[0]}"


def _clock(moment: datetime.datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M} ({local:%z})"
