"""Moments and days as people write them, and as steps read them.

In: texts such as `2026-11-30T03:00:00Z`, `2026-11-30T04:00+01:00` and `2026-11-30`, and the name of a time zone. Out: moments in UTC and
the texts of `run.date` and `run.day`. Owns what a day is in a zone, changes of its clocks included; never asks what time it is.
Standard library only, imported where a date is read. Change it when dates get another form.
"""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlspec.terms import UTC

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_MILLISECONDS = re.compile(r"@[0-9]{1,15}")
_MINUTE = datetime.timedelta(minutes=1)


class MomentError(ValueError):
    """A text that says no moment, or a zone that is not known here."""


def is_day(text: str) -> bool:
    """Tell whether a text has the form of a day."""
    return _DAY.fullmatch(text) is not None


def moment_of(text: str, zone: str = UTC) -> datetime.datetime:
    """Return the moment of a text in UTC, to the second: a day is its first moment in `zone`, and what has no offset is meant there.

    Raises `MomentError`, also for a time that the zone's clocks leave out.
    """
    try:
        if _DAY.fullmatch(text):
            return first_of(datetime.date.fromisoformat(text), zone)
        if not _MOMENT.fullmatch(text):
            raise MomentError(f"{text!r} is no date: write 2026-11-30 or 2026-11-30T03:00:00Z")
        moment = datetime.datetime.fromisoformat(text.upper().replace(",", ".")).replace(microsecond=0)
        if moment.tzinfo is not None:
            return moment.astimezone(datetime.UTC)
        found = moment.replace(tzinfo=zone_of(zone)).astimezone(datetime.UTC)
        if found.astimezone(zone_of(zone)).replace(tzinfo=None) != moment:
            raise MomentError(f"the clocks of {zone} leave {text} out")
        return found
    except MomentError:
        raise
    except (ValueError, OverflowError) as error:
        raise MomentError(f"{text!r} is no date: {error}") from None


def orchestrator_moment(text: str) -> datetime.datetime:
    """Return the moment of a text that an orchestrator made: as above, or milliseconds since the epoch (`@1764471600000`)."""
    if _MILLISECONDS.fullmatch(text):
        try:
            return datetime.datetime.fromtimestamp(int(text[1:]) // 1000, datetime.UTC)
        except (ValueError, OverflowError, OSError):
            raise MomentError(f"{text!r} is no date") from None
    return moment_of(text)


def first_of(day: datetime.date, zone: str) -> datetime.datetime:
    """Return the first moment of a day, in UTC; raises `MomentError` where the zone has no such day.

    Where clocks go forward at midnight a day begins at one o'clock, or earlier.
    """
    place = zone_of(zone)
    try:
        found = datetime.datetime.combine(day, datetime.time(), place).astimezone(datetime.UTC)
        while (found - _MINUTE).astimezone(place).date() == day:
            found -= _MINUTE
        there = found.astimezone(place).date()
    except OverflowError:
        raise MomentError(f"{day} is too far away") from None
    if there != day:
        raise MomentError(f"{zone} has no day {day}")
    return found


def day_of(moment: datetime.datetime, zone: str) -> datetime.date:
    """Return the day that a moment is in."""
    return moment.astimezone(zone_of(zone)).date()


def text_of(moment: datetime.datetime) -> str:
    """Write a moment as `run.date` has it: `2026-11-30T03:00:00Z`."""
    return moment.astimezone(datetime.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def zone_of(name: str) -> datetime.tzinfo:
    """Return a time zone; raises `MomentError` where it is not known, as in an image without the system's time zones."""
    if name == UTC:
        return datetime.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MomentError(f"the time zone {name} is not known here: install `tzdata`") from None
