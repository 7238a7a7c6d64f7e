"""What a wrong duration, quantity, function or schedule was most likely meant to be.

In: its text. Out: a hint that says what to write, or None. Owns the forms of other tools that can be told from the text
alone; never decides that something is wrong. Change it when people keep writing another form.
"""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]+)")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_BYTES = {"k": "Ki", "m": "Mi", "g": "Gi", "t": "Ti"}
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def duration(text: str) -> str | None:
    """`30 minutes`, `1.5h`, `00:30:00` and the like."""
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        return _write_seconds(hours * 3600 + minutes * 60 + seconds)
    amounts = _AMOUNT.findall(text)
    rest = _AMOUNT.sub("", text).replace(",", "").replace("and", "").strip()
    if not amounts or rest or len(text) > 60:
        return None
    total = 0.0
    for number, unit in amounts:
        short = unit.lower()[0]
        if unit.lower() in ("ms", "mo", "mon", "month", "months") or short not in _UNITS:
            return None
        total += float(number) * _UNITS[short]
    return _write_seconds(total)


def _write_seconds(total: float) -> str | None:
    if total <= 0 or total != int(total):
        return None
    text, left = "", int(total)
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return f"write {text}"


def quantity(text: str) -> str | None:
    """`4Gb`, `4GiB`, `512 MB`, `2 cores` and the like."""
    match = _AMOUNT.fullmatch(text)
    if match is None or float(match[1]) == 0:
        return None
    unit = match[2].lower()
    if unit in ("core", "cores", "cpu", "cpus", "vcpu", "vcpus"):
        return f"write {match[1]}"
    if unit[0] in _BYTES and unit[1:] in ("", "b", "i", "ib"):
        return f"write {match[1]}{_BYTES[unit[0]]}"
    return None


def function(text: str) -> str | None:
    """`src/train.py`, `train.main`, `train:main()` and the like."""
    called = text.removesuffix("()")
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", called):
        return f"write `{called}`"
    path = re.fullmatch(r"(?:\./)?([\w./-]+?)\.py(?::+(\w+))?", text)
    if path is not None:
        module = path[1].strip("/").replace("/", ".")
        return f"write module:function, such as `{module}:{path[2] or 'main'}`: the module as Python imports it, no path"
    dotted = re.fullmatch(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.([A-Za-z_]\w*)", called)
    return f"write `{dotted[1]}:{dotted[2]}`: a colon goes before the function" if dotted is not None else None


def cron(text: str) -> str | None:
    """`@daily`; the lines of Quartz, of AWS and of others that begin with seconds; a week that ends on Sunday."""
    macro = _MACROS.get(text.strip().lower())
    if macro is not None:
        return f"write `{macro}`"
    aws = re.fullmatch(r"cron\((.*)\)", text.strip())
    fields = (aws[1] if aws else text).split()
    if len(text) > 60 or not 5 <= len(fields) <= 7:
        return None
    # Quartz has seconds first, and a year that may be left out; AWS no seconds, and a year. Both have one `?`, and Sunday is 1.
    five = fields[:5] if aws else fields[max(0, min(1, len(fields) - 5)) :][:5]
    if "?" in five:
        five = [
            *(field.replace("?", "*") for field in five[:4]),
            _weekdays(five[4]) if len(fields) > 5 else five[4].replace("?", "*"),
        ]
    five[4] = re.sub(r"(?i)\b(mon|tue|wed|thu|fri|sat|[1-6])-(sun|0)\b", r"\1-7", five[4])
    line = " ".join(five)
    if line == " ".join(fields) or not _comes(line):
        return None
    if len(fields) == 6 and "?" not in text:
        return f"leave out the seconds: `{line}`; the five are minute hour day month weekday"
    return f"write `{line}`"


def _weekdays(text: str) -> str:
    """Weekdays of Quartz, where Sunday is 1, as cron has them; the number of a step or after a `#` stays."""
    return re.sub(r"(?<![#/\d])[1-7]", lambda number: str(int(number[0]) - 1), text.replace("?", "*"))


def _comes(line: str) -> bool:
    import datetime

    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(line, datetime.datetime(2024, 1, 1)))
    except (CronSimError, StopIteration):
        return False
    return True
