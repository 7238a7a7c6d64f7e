"""Positions inside a scalar: where the characters of its value stand in the file.

In: a scalar node, offsets into its value, and the file's text. Out: a span.
Owns the way back through quoting, escapes and block indentation; falls back to the scalar's own span, never guesses.
Change it when a finding inside a string points to the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlspec.diagnostics import Span
from mlspec.diagnostics.snippet import lines_of
from mlspec.source.node import Node

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")


def inner_span(node: Node, start: int, end: int, text: str) -> Span:
    """Return where `node.value[start:end]` stands in `text`, the file the node is from."""
    lines = lines_of(text)
    if node.style in ("|", ">"):
        place = _in_block(node, start, end, lines)
    else:
        place = _in_line(node, start, end, lines)
    return place or node.span


def _in_line(node: Node, start: int, end: int, lines: Sequence[str]) -> Span | None:
    """A plain or quoted scalar. One that goes over several lines is folded: only a match of the words helps."""
    line, column, end_line, end_column = node.mark
    if line != end_line:
        return _by_words(node, start, end, lines)
    raw = lines[line][column:end_column]
    if node.style == '"':
        offsets = _double_quoted(raw)
    elif node.style == "'":
        offsets = _single_quoted(raw)
    else:
        offsets = list(range(len(raw) + 1))
    if end >= len(offsets):
        end = len(offsets) - 1
    if start > end:
        return None
    return Span(node.file, line + 1, column + offsets[start] + 1, line + 1, column + offsets[end] + 1)


def _double_quoted(raw: str) -> list[int]:
    offsets, position = [], 1
    while position < len(raw) - 1:
        offsets.append(position)
        escape = _ESCAPE.match(raw, position)
        position = escape.end() if escape else position + 1
    return [*offsets, position]


def _single_quoted(raw: str) -> list[int]:
    offsets, position = [], 1
    while position < len(raw) - 1:
        offsets.append(position)
        position += 2 if raw.startswith("''", position) else 1
    return [*offsets, position]


def _in_block(node: Node, start: int, end: int, lines: Sequence[str]) -> Span | None:
    """A block scalar: literal lines keep their breaks, so line and column follow from the value."""
    if node.style == ">":
        return _by_words(node, start, end, lines)
    value: str = node.value
    first = node.mark.line + 1
    while first < len(lines) and not lines[first].strip() and not value.startswith("\n"):
        first += 1
    row = value.count("\n", 0, start)
    if first + row >= len(lines):
        return None
    line_start = value.rfind("\n", 0, start) + 1
    line_end = value.find("\n", line_start)
    content = value[line_start : line_end if line_end >= 0 else len(value)]
    source = lines[first + row].rstrip("\r")
    if not source.endswith(content):
        return None
    column = len(source) - len(content) + (start - line_start)
    stop = min(end, line_start + len(content))
    return Span(node.file, first + row + 1, column + 1, first + row + 1, column + 1 + max(stop - start, 0))


def _by_words(node: Node, start: int, end: int, lines: Sequence[str]) -> Span | None:
    """Find the very words in the lines of the scalar: right where they occur once, else the n-th of as many."""
    words = node.value[start:end]
    if not words or "\n" in words:
        return None
    nth = node.value.count(words, 0, start)
    for number in range(node.mark.line, min(node.mark.end_line + 1, len(lines))):
        column = -1
        first = node.mark.column if number == node.mark.line else 0
        while (column := lines[number].find(words, max(column + 1, first))) >= 0:
            if nth == 0:
                return Span(node.file, number + 1, column + 1, number + 1, column + 1 + len(words))
            nth -= 1
    return None
