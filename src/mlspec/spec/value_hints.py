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
    """`@daily`, and the six fields of tools that begin with seconds."""
    macro = _MACROS.get(text.strip().lower())
    if macro is not None:
        return f"write `{macro}`"
    fields = text.split()
    if len(fields) == 6 and len(text) <= 60:
        return f"leave out the seconds: `{' '.join(fields[1:])}`; the five are minute hour day month weekday"
    return None
