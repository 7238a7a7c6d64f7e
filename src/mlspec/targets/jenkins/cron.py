"""A crontab line as Jenkins reads it.

In: a `Schedule`. Out: the text of a `cron` trigger, or the reason why there is none. Owns the differences between
crontab(5) and Jenkins' own grammar (`crontab.g` in its sources); never emits Groovy.
Jenkins knows no names of months and days, spreads `@daily` over the day, and starts a build only when the day of the
month and the day of the week both match, where cron takes either. Change it when Jenkins' grammar changes.
"""

from __future__ import annotations

import re

from mlspec.ir.model import Schedule

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_TERM = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def trigger(schedule: Schedule) -> str:
    """Return the lines of the trigger: the time zone, then one or two crontab lines; raises `ValueError` with a reason."""
    words = _MACROS.get(schedule.cron.strip().lower(), schedule.cron).split()
    if len(words) != len(_FIELDS):
        raise ValueError(f"a crontab line has five fields, not {len(words)}")
    minute, hour, day, month, weekday = (_field(word, *field) for word, field in zip(words, _FIELDS, strict=True))
    if day.startswith("*") or weekday.startswith("*"):
        days = [(day, weekday)]
    else:
        days = [(day, "*"), ("*", weekday)]
    lines = [" ".join((minute, hour, day, month, weekday)) for day, weekday in days]
    return "\n".join([f"TZ={schedule.timezone}", *lines])


def _field(text: str, name: str, low: int, high: int, names: dict[str, int]) -> str:
    return ",".join(_term(term, name, low, high, names) for term in text.split(","))


def _term(text: str, name: str, low: int, high: int, names: dict[str, int]) -> str:
    match = _TERM.fullmatch(text)
    if match is None:
        raise ValueError(f"Jenkins does not know `{text}` in the field {name}")
    step = match["step"]
    if step is not None and not 1 <= int(step) <= high:
        raise ValueError(f"the step of `{text}` in the field {name} is not between 1 and {high}")
    suffix = f"/{step}" if step else ""
    if match["first"] is None:
        return f"*{suffix}"
    first = _number(match["first"], text, name, low, high, names)
    last = _number(match["last"], text, name, low, high, names) if match["last"] else high if step else first
    if last == 0 and high == 7:
        last = 7  # both are Sunday
    if last < first:
        raise ValueError(f"the range `{text}` in the field {name} runs backwards")
    return f"{first}{suffix}" if first == last and not step else f"{first}-{last}{suffix}"


def _number(word: str, text: str, name: str, low: int, high: int, names: dict[str, int]) -> int:
    number = int(word) if word.isascii() and word.isdigit() else names.get(word.lower())
    if number is None:
        raise ValueError(f"Jenkins does not know `{text}` in the field {name}")
    if not low <= number <= high:
        raise ValueError(f"`{text}` in the field {name} is not between {low} and {high}")
    return number
