"""Durations as people write them: `30s`, `20m`, `1h30m`, `3d`.

In: a text, or a number of seconds. Out: seconds, or the text with the largest units that it has. Owns the one grammar of durations;
never decides how long something may take. Standard library only. Change it when durations get another unit.
"""

from __future__ import annotations

import re

_FORM = re.compile(r"(?=[0-9])(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)(\.[0-9]+)?s)?")
_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def seconds_of(text: str) -> float | None:
    """Return the seconds of a duration (`1h30m` is 5400); None when `text` is none, infinity when they are too many for a float."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    try:
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
        # Read at once: 60 and 32.99999999999999, added as floats, are another float than 92.99999999999999.
        return float(f"{days * 86400 + hours * 3600 + minutes * 60 + seconds}{match[5] or ''}")
    except ValueError:  # more digits than Python reads as an integer
        return float("inf")


def duration_text(seconds: float) -> str:
    """Write seconds as a duration that `seconds_of` reads back: 600 is `10m`, 90.5 is `1m30.5s`, 0 is `0s`."""
    return "".join(f"{count}{unit}" for count, unit in duration_parts(seconds))


def duration_parts(seconds: float) -> list[tuple[str, str]]:
    """Return the parts of that text, each a number and its unit: 5400 is 1 `h` and 30 `m`."""
    whole = int(seconds)
    fraction = _digits(float(seconds)) if seconds != whole else ""
    parts = []
    for unit, size in _UNITS:
        count, whole = divmod(whole, size)
        if count:
            parts.append((str(count), unit))
    if whole or fraction or not parts:
        parts.append((f"{whole}{'.' + fraction if fraction else ''}", "s"))
    return parts


def _digits(seconds: float) -> str:
    """The digits behind the point, as few as tell this float from all others."""
    mantissa, _, exponent = repr(seconds).partition("e-")  # an exponent, which no duration has, where there is little: 2.5e-07
    if not exponent:
        return mantissa.partition(".")[2]
    return "0" * (int(exponent) - 1) + mantissa.replace(".", "")


def clock_text(seconds: float) -> str:
    """A time as people say it, to the second: `2 h 05 min`, `3 min 05 s`, `12 s`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def rough_text(seconds: float) -> str:
    """A time that is not known exactly: `about 12 s`; below ten seconds with its tenths."""
    if seconds < _SHORTEST:
        return "less than 0.1 s"
    return f"about {seconds:.1f} s" if seconds < _SHORT else f"about {clock_text(seconds)}"


_SHORTEST, _SHORT = 0.05, 9.95
