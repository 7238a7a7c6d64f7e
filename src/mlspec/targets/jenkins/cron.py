"""A crontab line as Jenkins reads it.

In: a `Schedule`. Out: the text of a `cron` trigger, or the reason why there is none; when builds start. Owns the differences between
crontab(5) and Jenkins' own grammar (`crontab.g` in its sources); never emits Groovy.
Jenkins knows no names of months and days, spreads `@daily` over the day, and starts a build only when the day of the
month and the day of the week both match, where cron takes either. Change it when Jenkins' grammar changes.
"""

from __future__ import annotations

import datetime
from itertools import product
from zoneinfo import ZoneInfo

from mlspec.crontab import Days, Times, plain, times_of
from mlspec.ir.triggers import Schedule
from mlspec.targets.schedules import UTC, fields

_DAY = datetime.timedelta(days=1)


def trigger(*schedules: Schedule) -> str:
    """Return the lines of the trigger: the time zone of all, then crontab lines; raises `ValueError` with a reason."""
    lines = [line for schedule in schedules for line in _lines(schedule)]
    return "\n".join([f"TZ={schedules[0].timezone}", *dict.fromkeys(lines)])


def _lines(schedule: Schedule) -> list[str]:
    times = times_of(schedule.cron)
    minutes, hours, months = fields(times)
    return [f"{minutes} {hours} {_month_days(days)} {months} {_weekdays(days)}" for days in times.days]


def starts(times: Times, zone: ZoneInfo, after: datetime.datetime, until: datetime.datetime) -> list[datetime.datetime]:
    """When builds start: each minute that matches as clocks show it (`doRun` of hudson.triggers.Trigger.Cron, CronTab.check).

    So a time that clocks leave out is never, and one that they show twice comes twice.
    """
    found, day = set[datetime.datetime](), after.astimezone(zone).date()
    while day <= until.astimezone(zone).date():
        for hour, minute in product(times.hours, times.minutes) if times.on(day) else ():
            shown = datetime.datetime.combine(day, datetime.time(hour, minute))
            both = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
            found |= {moment for moment in both if moment.astimezone(zone).replace(tzinfo=None) == shown}
        day += _DAY
    return sorted(moment for moment in found if after < moment <= until)


def _month_days(days: Days) -> str:
    if days.month_days is None:
        return "*"
    if days.month_days.last or days.month_days.last_workday:
        raise ValueError("it has no last day of the month")
    return plain(days.month_days.numbers, 1, 31)


def _weekdays(days: Days) -> str:
    if days.weekdays is None:
        return "*"
    if days.weekdays.last or days.weekdays.nth:
        raise ValueError("it has no first or last weekday of a month")
    return plain(days.weekdays.numbers, 0, 6, star=False)
