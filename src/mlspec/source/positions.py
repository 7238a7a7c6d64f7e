"""Positions inside a scalar: where the characters of its value stand in the file.

In: a scalar node, offsets into its value, and the file's text. Out: a span.
Owns the way back through quoting, escapes, folding and block indentation: it reads the lines again and holds each against the
value; where they do not agree, the span is the scalar's own. Change it when a finding inside a string points to the wrong place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from mlspec.diagnostics import Span
from mlspec.diagnostics.snippet import lines_of
from mlspec.source.node import Mark, Node

_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(.))")
_NAMED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


class _Piece(NamedTuple):
    """Characters of a value that stand side by side in a line of the file."""

    offset: int
    line: int
    column: int
    length: int
    """In the value: all its characters are as in the file, or it is 1, for an escape."""
    width: int
    """In the file."""


def inner_span(node: Node, start: int, end: int, text: str) -> Span:
    """Return where `node.value[start:end]` stands in `text`, the file the node is from."""
    if not isinstance(node.value, str):
        return node.span
    offsets, pieces = _pieces(node.value, node.mark, node.style, text.removeprefix("\ufeff"))
    if not pieces:
        return node.span
    first = pieces[max(bisect_right(offsets, start) - 1, 0)]
    begin = first.column + (start - first.offset if start - first.offset < first.length else first.width)
    if end <= start:
        return Span(node.file, first.line + 1, begin + 1, first.line + 1, begin + 1)
    last = pieces[max(bisect_right(offsets, end - 1) - 1, 0)]
    stop = last.column + (end - last.offset if end - last.offset < last.length else last.width)
    return Span(node.file, first.line + 1, begin + 1, last.line + 1, stop + 1)


@lru_cache(maxsize=16)
def _pieces(value: str, mark: Mark, style: str, text: str) -> tuple[list[int], list[_Piece]]:
    """The pieces of a scalar in order, and their offsets; none where the file does not say what the value does.

    Cached: one long text may have thousands of findings.
    """
    lines = lines_of(text)
    pieces: list[_Piece] = []
    offset = blank = 0
    joined = True
    for line, column, stop in _contents(value, mark, style, lines):
        if column == stop and line != mark.line:
            blank += 1
            continue
        found = list(_decoded(lines[line], column, stop, style))
        content = "".join(part for part, _, _ in found)
        gap = next((gap for gap in _gaps(offset, blank, joined, style) if value.startswith(gap + content, offset)), None)
        if gap is None:
            return [], []
        offset += len(gap)
        for part, at, width in found:
            pieces.append(_Piece(offset, line, at, len(part), width))
            offset += len(part)
        joined = style == '"' and _ends_in_escape(lines[line][:stop])
        blank = 0
    if value[offset:].strip(" \n"):
        return [], []
    return [piece.offset for piece in pieces], pieces


def _gaps(offset: int, blank: int, joined: bool, style: str) -> Sequence[str]:
    """What may stand in the value for the line ends before a line: folding makes one of them a blank, or nothing."""
    if offset == 0 and style in ("|", ">"):
        return ("\n" * blank,)
    if joined or style == "|":
        return ("\n" * (blank + (style == "|")),)
    return ("\n" * blank or " ", "\n" * (blank + 1))


def _contents(value: str, mark: Mark, style: str, lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Line, first column and end of what each line of the scalar adds to the value."""
    if style in ("|", ">"):
        # A block ends before the first column of the line that follows it, or within its own last one at the end of the file.
        inside = range(mark.line + 1, min(mark.end_line + (mark.end_column > 0), len(lines)))
        first = next((number for number in inside if lines[number].strip(" ")), None)
        if first is None:
            return
        words = value.lstrip("\n")
        indent = len(lines[first]) - len(lines[first].lstrip(" ")) - (len(words) - len(words.lstrip(" ")))
        for number in inside:
            yield number, min(max(indent, 0), len(lines[number])), len(lines[number])
        return
    quote = len(style)
    for number in range(mark.line, min(mark.end_line, len(lines) - 1) + 1):
        line = lines[number]
        column, stop = 0, len(line)
        if number == mark.end_line:
            stop = min(stop, mark.end_column - quote)
        else:
            stop = len(line[:stop].rstrip(" \t"))
            if style == '"' and stop < len(line) and _ends_in_escape(line[:stop]):
                stop += 1
        if number == mark.line:
            column = mark.column + quote
        else:
            column = len(line[:stop]) - len(line[:stop].lstrip(" \t"))
        yield number, min(column, stop), max(stop, min(column, stop))


def _ends_in_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _decoded(line: str, column: int, stop: int, style: str) -> Iterator[tuple[str, int, int]]:
    """What `line[column:stop]` says, in parts: each with its column and width."""
    if style == '"':
        position = column
        for match in _ESCAPE.finditer(line, column, stop):
            if match.start() > position:
                yield line[position : match.start()], position, match.start() - position
            character = chr(int(match[0][2:], 16)) if match[1] is None else _NAMED.get(match[1], match[1])
            yield character, match.start(), len(match[0])
            position = match.end()
        rest = line[position:stop].removesuffix("\\")
        if rest:
            yield rest, position, len(rest)
    elif style == "'":
        position = column
        while (quote := line.find("''", position, stop)) >= 0:
            yield line[position : quote + 1], position, quote + 1 - position
            position = quote + 2
        if position < stop:
            yield line[position:stop], position, stop - position
    elif column < stop:
        yield line[column:stop], column, stop - column
