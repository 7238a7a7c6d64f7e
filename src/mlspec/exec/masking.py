"""Secrets kept out of what steps write: their values, as they are, as base64 and in URLs, become `***`.

In: the values; bytes as they come. Out: the same bytes with every value masked, however it was split over writes. Owns in which forms a
value is found; never knows where it came from. Standard library only.
Change it when values are written in another form.

No form has a line end in it, so that a whole line is never held back; of an unfinished one, only what may be the beginning of a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

MASK = b"***"
SHORTEST = 3
"""Characters of the shortest value that is masked: of shorter ones every log is full."""
_SHORTEST_CODE = 6
"""Characters of base64 that tell a value from other text."""
_PIECE = 64
"""Longer values are found piece by piece, so that little is held back: none of the pieces is anything else by chance."""
_SHORTEST_LINE = 6
"""Characters of a line that is masked for itself, of a value that has several: a brace alone gives nothing away."""
_LARGEST = 64 * 1024
"""Bytes of a file that are masked: keys and credentials are smaller."""
_LONGEST_WRAPPED = 512
"""Characters of base64 up to which each place is looked for where a line may end: tokens are shorter."""
_WRAPS = (64, 76)
"""Columns at which tools break lines of base64."""


def secret_values(variables: Iterable[str], environ: Mapping[str, str], files: Iterable[str | None] = ()) -> list[str]:
    """The values of these environment variables, and what is in these files, as far as there are such."""
    values = [value for name in variables if (value := environ.get(name))]
    for path in files:
        with suppress(OSError, ValueError), Path(path or "").open("rb") as file:  # whoever needs the file says so
            values.append(file.read(_LARGEST).decode("utf-8", "surrogateescape"))
    return values


def gives_away(text: str, value: str) -> bool:
    """Whether a text holds a secret's value, and not by chance: a short one never does, a plain word only where it stands alone."""
    if len(value) < _LEAST:
        return False
    if not _WORD.fullmatch(value):
        return value in text
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def given_away(texts: Mapping[str, str], held: Iterable[tuple[str, str]]) -> str | None:
    """What to say of a parameter, by name in `texts`, that gives away one of the values `held`, each behind what it is called."""
    for called, value in held:
        for name, text in texts.items():
            if gives_away(text, value):
                return (
                    f"{name} holds the value of the secret {called}, and parameters are kept and shown: "
                    "let the step that needs it list the secret"
                )
    return None


_LEAST = 8
_WORD = re.compile("[A-Za-z]+[0-9]{0,4}")
_HEX = re.compile("%[0-9A-F]{2}")
_TO_URL = bytes.maketrans(b"+/", b"-_")


class Masker:
    """Masks one stream. `feed` returns what can be shown already, `flush` the rest at its end."""

    def __init__(self, values: Iterable[str]) -> None:
        self._tree, self._any, self._longest = _finder(frozenset(values))
        self._held = b""
        self._masked = False
        """What was last returned ends with a mask, which touches what is held."""

    def __bool__(self) -> bool:
        return self._any is not None

    def feed(self, data: bytes) -> bytes:
        """Take in more; returns it with values masked, but for an end that may be the beginning of one."""
        if self._any is None:
            return data
        content = self._held + data
        found = self._found(content)
        end = self._open(content)
        for start, stop in reversed(found):  # what overlaps a value that may yet come waits for it
            if start < end < stop:
                end = start
        self._held = content[end:]
        return self._shown(content[:end], [span for span in found if span[1] <= end])

    def flush(self) -> bytes:
        """Return what was held back: no more is to come."""
        content, self._held = self._held, b""
        shown = self._shown(content, self._found(content))
        self._masked = False
        return shown

    def mask(self, text: str) -> str:
        """Mask a text that is whole."""
        if self._any is None:
            return text
        whole = Masker.__new__(Masker)
        whole.__dict__.update(self.__dict__, _held=b"", _masked=False)
        content = text.encode("utf-8", "surrogatepass")
        return (whole.feed(content) + whole.flush()).decode("utf-8", "surrogatepass")

    def _found(self, content: bytes) -> list[tuple[int, int]]:
        """Where values are; of those that overlap, all together."""
        spans: list[tuple[int, int]] = []
        match = self._any.search(content) if self._any is not None else None
        while self._any is not None and match is not None:
            start, stop = match.span()
            if spans and start < spans[-1][1]:
                spans[-1] = spans[-1][0], max(stop, spans[-1][1])
            else:
                spans.append((start, stop))
            match = self._any.search(content, start + 1)
        return spans

    def _open(self, content: bytes) -> int:
        """Where the longest end begins that may be the beginning of a value."""
        for place in range(max(0, len(content) - self._longest + 1), len(content)):
            if _goes_on(self._tree, content[place:]):
                return place
        return len(content)

    def _shown(self, content: bytes, spans: list[tuple[int, int]]) -> bytes:
        """The content with each span masked, spans that touch by one mask."""
        parts, place = [], 0
        for start, stop in spans:
            if start > place:
                parts.append(content[place:start])
                self._masked = False
            if not self._masked:
                parts.append(MASK)
            self._masked, place = True, stop
        if len(content) > place:
            parts.append(content[place:])
            self._masked = False
        return b"".join(parts)


_Tree: TypeAlias = dict[int, Any]
"""Texts by their first byte: below it what is left of the one text that begins so, or another tree; `_END` is there where one ends."""
_END = -1


@lru_cache(maxsize=8)
def _finder(values: frozenset[str]) -> tuple[_Tree, re.Pattern[bytes] | None, int]:
    """What finds the forms of these values: by their first bytes, at any place, and how long the longest is."""
    forms = sorted({form for value in values for form in _forms(value)})
    tree: _Tree = {}
    for form in forms:
        _grow(tree, form)
    return tree, re.compile(_pattern(tree)) if forms else None, max(map(len, forms), default=0)


def _grow(tree: _Tree, text: bytes) -> None:
    while text:
        byte, text = text[0], text[1:]
        below = tree.get(byte)
        if below is None:
            tree[byte] = text
            return
        if isinstance(below, bytes):
            tree[byte] = {}
            _grow(tree[byte], below)
        tree = tree[byte]
    tree[_END] = b""


def _goes_on(tree: _Tree, text: bytes) -> bool:
    """Whether one of the texts begins so and has more."""
    for place, byte in enumerate(text, 1):
        below = tree.get(byte)
        if not isinstance(below, dict):
            return below is not None and len(below) > len(text) - place and below.startswith(text[place:])
        tree = below
    return bool(tree.keys() - {_END})


def _pattern(tree: _Tree) -> bytes:
    """What finds the longest of the texts at a place, with one look at each byte however many there are."""
    parts = []
    for byte, below in tree.items():
        if byte == _END:
            continue
        run = bytes([byte])
        while isinstance(below, dict) and len(below) == 1:
            ((byte, below),) = below.items()
            run += bytes([byte])
        if isinstance(below, bytes):
            parts.append(re.escape(run + below))
        else:
            parts.append(re.escape(run) + b"(?:" + _pattern(below) + (b")?" if _END in below else b")"))
    return b"|".join(parts)


def _forms(value: str) -> Iterable[bytes]:
    """The texts that tell a value: itself and its lines, as JSON has it, and as base64."""
    import base64  # of most steps there are no values
    from urllib.parse import quote, quote_plus

    raw = value.encode("utf-8", "surrogateescape")
    for text in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
        lines = [text]
        if re.search(r"[\r\n]", text):
            lines = [stripped for line in re.split(r"[\r\n]+", text) if (stripped := line.strip())]
        for line in lines:
            if len(line) >= (SHORTEST if len(lines) == 1 else _SHORTEST_LINE):
                yield from _pieces(line.encode("utf-8", "surrogateescape"))
    for content in {raw, raw.strip()}:
        for url in {quote(content, safe=""), quote(content), quote_plus(content)} - {value}:
            if len(content) >= SHORTEST:
                yield from _pieces(url.encode("ascii"))
                yield from _pieces(_HEX.sub(lambda found: found[0].lower(), url).encode("ascii"))
    for content in {raw, raw.strip(), raw.rstrip(b"\n") + b"\n"} - {b""}:  # `echo` ends a line
        for code in {base64.b64encode(content), base64.urlsafe_b64encode(content)}:
            yield from _codes(code)
            yield from _codes(code.rstrip(b"="))
    for offset in (1, 2):  # behind `user:`, whose length decides which of three forms it takes
        code = base64.b64encode(b"\0" * offset + raw)
        inner = code[offset + 1 : (offset + len(raw)) * 8 // 6]  # what of it depends on nothing else
        for part in (inner, code[offset + 1 :], code[offset + 1 :].rstrip(b"=")):
            for spelling in {part, part.translate(_TO_URL)}:
                yield from _codes(spelling)
                yield from _wrapped(spelling, offset + 1)
    for code in {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}:  # and before `:password`
        yield from _codes(code[: len(raw) * 8 // 6])
        yield from _wrapped(code[: len(raw) * 8 // 6], 0)


def _codes(code: bytes) -> Iterable[bytes]:
    if len(code) >= _SHORTEST_CODE:
        yield from _pieces(code)
    for width in _WRAPS:
        if len(code) > width:
            for place in range(0, len(code), width):
                yield from _pieces(code[place : place + width])


def _wrapped(code: bytes, column: int) -> Iterable[bytes]:
    """The parts of a code behind another text, whose length says where in a line it begins: each fourth column from `column` on."""
    for width in _WRAPS:
        for first in range(width - column, 0, -4):
            if first < len(code) <= _LONGEST_WRAPPED:
                lines = [code[:first], *(code[place : place + width] for place in range(first, len(code), width))]
                yield from (line for line in lines if len(line) >= _SHORTEST_CODE)


def _pieces(text: bytes) -> Iterable[bytes]:
    """A text, or pieces of equal length where it is long; the last one ends with it."""
    if len(text) <= 2 * _PIECE:
        if len(text) >= SHORTEST:
            yield text
        return
    for place in range(0, len(text), _PIECE):
        piece = text[place : place + _PIECE]
        yield piece if len(piece) == _PIECE else text[-_PIECE:]
