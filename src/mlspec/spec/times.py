"""The small types of the language that are about time: durations, schedules, zones, dates.

In: what YAML gave. Out: annotated types that pydantic validates, each with its JSON Schema. Owns their syntax and the messages for a
wrong one; never knows which section uses them. Change it when a time is written differently.
"""

from __future__ import annotations

import datetime
import re
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator

from mlspec.durations import seconds_of
from mlspec.spec import value_hints
from mlspec.spec.base import wrong
from mlspec.spec.scalars import schema, text_of

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAX_SECONDS = 366 * 24 * 3600
_LONGEST_CRON = 500
_DURATION_PATTERN = r"(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$"
_DURATION_RULE = "A duration: 30s, 20m, 1h30m or 3d."
_DURATIONS = ("30s", "20m", "1h30m", "3d")


def _duration(value: Any) -> float:
    hint = "write 30s, 20m, 1h30m or 3d"
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong("MLS207", f"the duration {value} has no unit", f"write {value}s for seconds, {value}m for minutes")
    text = text_of(value, "a duration", "30m")
    seconds = seconds_of(text)
    if seconds is None:
        raise wrong("MLS207", f"`{text}` is no duration", value_hints.duration(text) or hint)
    if seconds > _MAX_SECONDS:
        raise wrong("MLS207", f"`{text}` is longer than a year", hint)
    return seconds


def _positive_duration(value: Any) -> float:
    seconds = _duration(value)
    if seconds <= 0:
        raise wrong("MLS207", f"`{value}` is no time at all", "write 30s, 20m, 1h30m or 3d")
    return seconds


def _cron(value: Any) -> str:
    from cronsim import CronSim, CronSimError

    text = text_of(value, "a cron expression", "0 3 * * 1")
    if len(text) > _LONGEST_CRON:
        raise wrong(
            "MLS209",
            f"a cron expression of {len(text)} characters: at most {_LONGEST_CRON} are read",
            "write several schedules",
        )
    try:
        if len(text.split()) != 5:
            raise CronSimError(f"it has {len(text.split())} field{'s' if len(text.split()) != 1 else ''}")
        next(CronSim(text, datetime.datetime(2024, 1, 1)))
    except CronSimError as error:
        hint = value_hints.cron(text) or "five fields: minute hour day month weekday, such as `0 3 * * 1`"
        raise wrong("MLS209", f"`{text}` is no cron expression: {str(error).lower()}", hint) from None
    except StopIteration:
        raise wrong("MLS209", f"`{text}` never comes", "choose a day that the month has") from None
    return text


@cache
def _timezones() -> tuple[str, ...]:
    import zoneinfo

    return tuple(sorted(zoneinfo.available_timezones()))


def _timezone(value: Any) -> str:
    import zoneinfo

    text = text_of(value, "a time zone", "Europe/Berlin")
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        from mlspec.diagnostics.nearest import nearest

        close = nearest(text, _timezones())
        hint = f"did you mean `{close}`?" if close else "write a name such as UTC or Europe/Berlin"
        raise wrong("MLS210", f"there is no time zone `{text}`", hint) from None
    return text


def _date(value: Any) -> str:
    text = text_of(value, "a date", "2027-01-01")
    try:
        if not _DATE.fullmatch(text):  # fromisoformat reads 20270101 and 2027-W01-1 too
            raise ValueError(text)
        datetime.date.fromisoformat(text)
    except ValueError:
        raise wrong("MLS212", f"`{text}` is no date", "write year-month-day, such as 2027-01-01") from None
    return text


Duration = Annotated[float, BeforeValidator(_duration), schema(f"^{_DURATION_PATTERN}", _DURATION_RULE, *_DURATIONS)]
PositiveDuration = Annotated[
    float, BeforeValidator(_positive_duration), schema(rf"^(?=.*[1-9]){_DURATION_PATTERN}", _DURATION_RULE, *_DURATIONS)
]
Cron = Annotated[
    str,
    BeforeValidator(_cron),
    schema(r"^\s*\S+(\s+\S+){4}\s*$", "Five fields: minute hour day month weekday.", "0 3 * * 1"),
]
TimeZone = Annotated[
    str,
    BeforeValidator(_timezone),
    schema(r"^[A-Za-z0-9_+\-/]+$", "A time zone: UTC or a name such as Europe/Berlin.", "UTC", "Europe/Berlin"),
]
Date = Annotated[str, BeforeValidator(_date), schema(r"^\d{4}-\d{2}-\d{2}$", "A date: year-month-day.", "2027-01-01")]
