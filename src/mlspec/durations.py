"""Durations as people write them: `30s`, `20m`, `1h30m`, `3d`.

In: a text, or a number of seconds. Out: seconds, or the text with the largest units that it has. Owns the one grammar of durations;
never decides how long something may take. Standard library only. Change it when durations get another unit.
"""

from __future__ import annotations

import re

_FORM = re.compile(r"(?=[0-9])(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+(?:\.[0-9]+)?)s)?")
_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def seconds_of(text: str) -> float | None:
    """Return the seconds of a duration (`1h30m` is 5400); None when `text` is none."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
    return days * 86400 + hours * 3600 + minutes * 60 + float(match[4] or 0)


def duration_text(seconds: float) -> str:
    """Write seconds as a duration that `seconds_of` reads back: 600 is `10m`, 90.5 is `1m30.5s`, 0 is `0s`."""
    return "".join(f"{count}{unit}" for count, unit in duration_parts(seconds))


def duration_parts(seconds: float) -> list[tuple[str, str]]:
    """Return the parts of that text, each a number and its unit: 5400 is 1 `h` and 30 `m`."""
    whole = int(seconds)
    written = repr(float(seconds))
    if "e" in written and seconds != whole:  # so little that Python writes an exponent, which is no duration
        return [(f"{seconds:.25f}".rstrip("0"), "s")]
    fraction = written.partition(".")[2] if seconds != whole else ""
    parts = []
    for unit, size in _UNITS:
        count, whole = divmod(whole, size)
        if count:
            parts.append((str(count), unit))
    if whole or fraction or not parts:
        parts.append((f"{whole}{'.' + fraction if fraction else ''}", "s"))
    return parts
