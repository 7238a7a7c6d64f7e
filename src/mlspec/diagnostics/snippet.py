"""The line a finding points to, made safe to show, and the carets under it.

In: a line and a span that begins in it. Out: two lines of equal layout, the source and its carets.
Owns the width of characters on a terminal; what a character that cannot be shown looks like is `printable`'s. Never adds colour.
Change it when carets stand in the wrong place.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from mlspec.diagnostics.model import Span
from mlspec.diagnostics.printable import shown

_TAB = 4
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 parsers, libyaml among them, count as a line's end
_HUGE = 4  # widths; of a longer line only the part around the carets is looked at, so that megabytes cost nothing
_CUT = "…"


class Snippet(NamedTuple):
    """A source line as shown, and the carets that belong right under it."""

    source: str
    carets: str


@lru_cache(maxsize=4)
def lines_of(text: str) -> tuple[str, ...]:
    """Split a file into its lines without their ends; after a final line's end comes an empty line.

    Cached: every position inside a string asks for the lines of its whole file.
    """
    return tuple(_BREAK.split(text))


def snippet(line: str, span: Span, width: int) -> Snippet:
    """Return `line`, the first of `span`, in at most `width` columns, cut around the carets where it is longer."""
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line)
    skipped = max(0, start - width) if len(line) > _HUGE * width else 0
    rest = min(len(line), start + _HUGE * width)
    cells = _cells(line[skipped:rest])
    start, end = start - skipped, min(end, rest) - skipped
    while 0 < start < len(cells) and _columns(cells[start]) == 0:
        start -= 1
    low, high = _window([_columns(cell) for cell in cells], start, max(end, start + 1), width)
    left, right = _CUT if low + skipped > 0 else "", _CUT if high + skipped < len(line) else ""
    indent = " " * (len(left) + sum(map(_columns, cells[low:start])))
    carets = "^" * max(1, sum(map(_columns, cells[start : min(end, high)])))
    return Snippet(left + "".join(cells[low:high]) + right, indent + carets)


def _cells(line: str) -> list[str]:
    """Return what is shown for each character of `line`; tabs reach to the next stop."""
    cells = []
    column = 0
    for character in line:
        cell = " " * (_TAB - column % _TAB) if character == "\t" else shown(character)
        cells.append(cell)
        column += _columns(cell)
    return cells


def _columns(cell: str) -> int:
    if cell.isascii():
        return len(cell)
    return sum(_columns_of(character) for character in cell)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0  # marks, and the vowels and finals that join the Hangul syllable before them
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _window(columns: list[int], start: int, end: int, width: int) -> tuple[int, int]:
    """Choose the cells to show: all, or those around `start` to `end` that fit `width` with both cut marks."""
    if sum(columns) <= width:
        return 0, len(columns)
    room = width - 2 * len(_CUT)
    if sum(columns[:end]) <= room:
        low = 0
    else:
        before = max(room // 4, room - sum(columns[start:end]) - room // 4)
        low = start
        while low > 0 and before >= columns[low - 1]:
            low -= 1
            before -= columns[low]
    high = low
    while high < len(columns) and room >= columns[high]:
        room -= columns[high]
        high += 1
    return low, high
