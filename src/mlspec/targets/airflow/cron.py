"""A crontab line as Airflow reads it.

In: a `Schedule`. Out: the line for `schedule=`, or the reason why there is none; when runs start. Owns the differences between
Debian's cron and the library croniter, for which steps of weekdays end on Saturday, weekdays beside days of the month are always enough,
and `5L` is `L5`; never emits Python. Change it when Airflow reads lines in another way.
"""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from mlspec.crontab import MonthDays, Times, Weekdays, plain, times_of
from mlspec.ir.triggers import Schedule
from mlspec.targets.schedules import UTC, fields

_MINUTE, _DAY = datetime.timedelta(minutes=1), datetime.timedelta(days=1)


def line_of(schedule: Schedule) -> str:
    """Return the line; raises `ValueError` with a reason."""
    times = times_of(schedule.cron)
    special = any(days.weekdays is not None and (days.weekdays.last or days.weekdays.nth) for days in times.days)
    if len(times.days) > 1 and special:
        raise ValueError("it takes the first or last weekdays of a month alone")
    minutes, hours, months = fields(times)
    month_days = [_month_days(days.month_days) for days in times.days if days.month_days is not None]
    weekdays = [_weekdays(days.weekdays) for days in times.days if days.weekdays is not None]
    if len(times.days) == 1 and month_days and weekdays:
        raise ValueError("it starts when either the day of the month or the weekday matches, not both")
    return f"{minutes} {hours} {month_days[0] if month_days else '*'} {months} {weekdays[0] if weekdays else '*'}"


def _month_days(days: MonthDays) -> str:
    if days.last_workday:
        raise ValueError("it has no last workday of the month")
    words = [plain(days.numbers, 1, 31, star=False)] if days.numbers else []
    return ",".join([*words, *(["L"] if days.last else [])])


def _weekdays(days: Weekdays) -> str:
    special = [*(f"L{day}" for day in sorted(days.last)), *(f"{day}#{which}" for day, which in sorted(days.nth))]
    if (special and days.numbers) or (days.last and days.nth):
        # croniter: "mixing literal days of week with ... is not supported".
        raise ValueError("it takes the first or last weekdays of a month alone")
    return ",".join(special) if special else plain(days.numbers, 0, 6, star=False)


def starts(times: Times, zone: ZoneInfo, after: datetime.datetime, until: datetime.datetime) -> list[datetime.datetime]:
    """When runs start: the next time as clocks show it, made a moment again (`_get_next` of airflow.timetables._cron).

    Where the hour is any, by the time that passes until then; else a time that clocks show twice is the second one, and one that they
    leave out comes as much later as they go forward (`make_aware`, which sets `fold`, and pendulum).
    """
    found, moment = list[datetime.datetime](), after
    while True:
        local = moment.astimezone(zone).replace(tzinfo=None)
        shown = _next(times, local, local + (until - after) + _DAY)
        if shown is None:
            return found
        moment = moment + (shown - local) if len(times.hours) == 24 else _moment(shown, zone)
        if moment > until or moment in found:
            return found
        found.append(moment)


def _next(times: Times, after: datetime.datetime, until: datetime.datetime) -> datetime.datetime | None:
    moment = after.replace(second=0, microsecond=0) + _MINUTE
    while moment <= until:
        if times.at(moment):
            return moment
        if not times.on(moment.date()):
            moment = datetime.datetime.combine(moment.date() + _DAY, datetime.time())
        else:
            moment += _MINUTE if moment.hour in times.hours else datetime.timedelta(minutes=60 - moment.minute)
    return None


def _moment(shown: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    # Of a time that is left out, the offset before the change makes as much later as clocks go forward.
    later = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return max(later, shown.replace(tzinfo=zone, fold=0).astimezone(UTC))
