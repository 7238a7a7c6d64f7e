"""One YAML text → one tree.

In: a text and the name to call its file by. Out: the root node (None when there is none) and findings.
Owns the limits on size, depth, nodes and aliases, and what YAML may not contain (duplicate keys, tags, several documents).
Never opens a file and never recurses. Change it when YAML itself is to be read differently; `syntax` words its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml
from yaml import events as ev
from yaml.reader import Reader

from mlspec.diagnostics import Diagnostic, Related, Span
from mlspec.diagnostics.snippet import lines_of
from mlspec.source import syntax
from mlspec.source.node import Mark, Node, Place, Point, key_of
from mlspec.source.positions import inner_span
from mlspec.source.scalars import resolve
from mlspec.source.scanner import PythonLoader

LOADER: Any = getattr(yaml, "CSafeLoader", PythonLoader)
"""libyaml where PyYAML was built with it, about eight times as fast; both read alike."""

MAX_CHARACTERS = 16_000_000
MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_ALIASED = 100_000
"""Nodes that aliases may stand for, all together: the bound that an alias bomb meets."""
MAX_FINDINGS = 1000
"""Mistakes of YAML itself after which reading ends: a file with more is something else than a spec."""

_CHARACTERS_OF_A_VALUE = 160
"""What aliases repeat is counted in values; a long text counts for several."""
_BYTE_ORDER_MARK = "\ufeff"


class _StoppedError(Exception):
    """Reading ends here; the finding is already made."""


class _Open:
    """A collection whose end has not been read."""

    __slots__ = ("anchor", "children", "count", "key", "keys", "node")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.children = node.value
        self.keys: dict[str, Any] | None = {} if isinstance(node.value, dict) else None
        """The events of a mapping's keys; a key that is odd has a node already."""
        self.key: Any = None
        self.count = 1


def read(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """Parse `text`. A syntax error ends the reading; everything else that is wrong is found at once.

    Positions count from behind a byte order mark.
    """
    builder = _Builder(text.removeprefix(_BYTE_ORDER_MARK), file)
    with suppress(_StoppedError):
        builder.run()
    return (None if builder.failed else builder.root), builder.findings


class _Builder:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.root: Node | None = None
        self.findings: list[Diagnostic] = []
        self.failed = False
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.nodes = 0
        self.aliased = 0
        self.documents = 0

    def run(self) -> None:
        self._refuse_text()
        try:
            self._events()
        except yaml.YAMLError as error:
            self._syntax(error)

    def _events(self) -> None:
        """What yaml.parse does, without asking twice for every event: this loop takes half of all the time."""
        take: dict[type, Callable[[Any], None]] = {
            ev.ScalarEvent: self._scalar,
            ev.MappingStartEvent: lambda event: self._open(event, {}),
            ev.SequenceStartEvent: lambda event: self._open(event, []),
            ev.MappingEndEvent: self._close,
            ev.SequenceEndEvent: self._close,
            ev.AliasEvent: self._alias,
            ev.DocumentStartEvent: self._document,
        }
        loader = LOADER(self.text)
        try:
            while type(event := loader.get_event()) is not ev.StreamEndEvent:
                handler = take.get(type(event))
                if handler is not None:
                    handler(event)
        finally:
            loader.dispose()

    def _refuse_text(self) -> None:
        if len(self.text) > MAX_CHARACTERS:
            self._stop("MLS102", f"the file has {len(self.text):,} characters; at most {MAX_CHARACTERS:,} are read", _TOP)
        found = Reader.NON_PRINTABLE.search(self.text)
        places = [found.start()] if found else []
        if _BYTE_ORDER_MARK in self.text:  # libyaml takes it, anywhere
            places.append(self.text.index(_BYTE_ORDER_MARK))
        if places:
            at = min(places)
            before = lines_of(self.text[:at])
            line, column = len(before) - 1, len(before[-1])
            mark = Mark(line, column, line, column + 1)
            self._stop("MLS101", f"the character U+{ord(self.text[at]):04X} cannot stand in YAML", mark)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            message = "a second YAML document; a spec is one document"
            self._stop("MLS106", message, _mark(event), "put each lifecycle in a file of its own")

    def _scalar(self, event: Any) -> None:
        """Take a scalar; this method makes most of the tree."""
        text = event.value
        if not text or not self.stack or event.anchor is not None or event.tag is not None or "\0" in text:
            self._odd_scalar(event)
            return
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._too_many(Node(text, self.file, event.start_mark, event.end_mark))
        parent = self.stack[-1]
        parent.count += 1 + len(text) // _CHARACTERS_OF_A_VALUE
        key = parent.key
        if key is None and parent.keys is not None:
            parent.key = event
            return
        value = resolve(text) if event.implicit[0] else text
        node = Node(value, self.file, event.start_mark, event.end_mark, None, event.style or "")
        if key is None:
            parent.children.append(node)
        else:
            self._put(parent, key, node)

    def _odd_scalar(self, event: Any) -> None:
        """Take a scalar that is empty, alone, anchored or tagged, or that holds NUL."""
        text = value = event.value
        if event.tag is not None:
            self._refuse_tag(event)
        elif event.implicit[0]:
            value = resolve(text)
        start, end = (event.start_mark, event.end_mark) if text else self._empty_place(event)
        node = Node(value, self.file, start, end, style=event.style or "")
        if "\0" in text:
            at = text.index("\0")
            place = inner_span(node, at, at + 1, self.text)
            message = "the character U+0000 cannot stand in a text"
            self.findings.append(Diagnostic("MLS114", message, place, hint=syntax.CHARACTER_HINT))
            # What reads on must not meet it: every system call refuses it.
            text = text.replace("\0", "\ufffd")
            node.value = text if isinstance(value, str) else value
        count = 1 + len(text) // _CHARACTERS_OF_A_VALUE
        if event.anchor:
            self.anchors[event.anchor] = (node, count)
        self._add(node, count, text)

    def _empty_place(self, event: Any) -> tuple[Place, Place]:
        """A value that is left out stands behind what comes before it, not at what comes next."""
        line, column = event.start_mark.line, event.start_mark.column
        if event.start_mark.index < event.end_mark.index:
            return event.start_mark, event.end_mark
        lines = lines_of(self.text)
        if line >= len(lines):
            line, column = len(lines) - 1, len(lines[-1])
        while line > 0 and not lines[line][:column].strip():
            line, column = line - 1, len(lines[line - 1])
        column = len(lines[line][:column].rstrip())
        return Point(line, column), Point(line, column)

    def _open(self, event: Any, value: Any) -> None:
        if event.tag is not None:
            self._refuse_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            self._stop("MLS103", f"nested more than {MAX_DEPTH} levels deep", _mark(event))
        node = Node(value, self.file, event.start_mark, event.end_mark)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Open(node, event.anchor))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        node = done.node
        node.end = _end_of(node, event)
        node.give_keys(done.keys)
        if done.anchor:
            self.anchors[done.anchor] = (node, done.count)
        self._add(node, done.count)

    def _alias(self, event: Any) -> None:
        mark = _mark(event)
        found = self.anchors.get(event.anchor)
        if found is None:
            inside = event.anchor in self.anchors
            reason = "stands inside what it names" if inside else "names nothing above it"
            self._stop("MLS104", f"the alias `*{event.anchor}` {reason}", mark)
        node, count = found  # type: ignore[misc]
        self.aliased += count
        if self.aliased > MAX_ALIASED:
            characters = MAX_ALIASED * _CHARACTERS_OF_A_VALUE
            self._stop("MLS104", f"aliases stand for more than {MAX_ALIASED:,} values or {characters:,} characters", mark)
        self._add(node, count, str(node.value))

    def _add(self, node: Node, count: int, text: str | None = None) -> None:
        """Put a finished node where it belongs: as the root, an item, a key or a value. `text` is a scalar's."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._too_many(node)
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.count += count
        if parent.keys is None:
            parent.children.append(node)
        elif parent.key is None:
            self._key(parent, node, text)
        else:
            self._put(parent, parent.key, node)

    def _put(self, parent: _Open, key: Any, node: Node) -> None:
        """Give a mapping the value of a key."""
        parent.key = None
        name = key.value
        if key is _NO_KEY:
            return
        if name in parent.children:
            first = Related(key_of(parent.keys[name], self.file).span, "first written here")  # type: ignore[index]
            mark = key_of(key, self.file).mark
            self._find("MLS105", f"the key `{syntax.short(name)}` is written twice", mark, related=(first,))
        else:
            parent.children[name] = node
            parent.keys[name] = key  # type: ignore[index]

    def _too_many(self, node: Node) -> None:
        self._stop("MLS103", f"more than {MAX_NODES:,} values", node.mark)

    def _key(self, parent: _Open, node: Node, text: str | None) -> None:
        if text is None or isinstance(node.value, dict | list):
            within = _span(self.file, node.mark)
            self.findings = [found for found in self.findings if not _is_within(found.span, within)]
            hint = "a placeholder is written ${{ … }}; quote text that begins with { or ["
            self._find("MLS107", "a key must be text, not a list or a mapping", node.mark, hint)
            parent.key = _NO_KEY
        else:
            parent.key = Node(text, node.file, node.start, node.end, style=node.style)

    def _refuse_tag(self, event: Any) -> None:
        hint = "quote the value if it is text" if event.tag.endswith((":str", "!str")) else "write the plain value"
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._find("MLS108", f"the tag `{syntax.short(tag)}` is not read", _mark(event), hint)

    def _syntax(self, error: yaml.YAMLError) -> None:
        self.failed = True
        found = syntax.explain(error, lines_of(self.text))
        related: tuple[Related, ...] = ()
        if found.context is not None:
            related = (Related(_span(self.file, found.context[1]), found.context[0]),)
        self._find(found.code, found.message, found.mark, found.hint, related)

    def _find(self, code: str, message: str, mark: Mark, hint: str | None = None, related: tuple[Related, ...] = ()) -> None:
        self.findings.append(Diagnostic(code, message, _span(self.file, mark), hint=hint, related=related))
        if len(self.findings) > MAX_FINDINGS and not self.failed:
            self._stop("MLS103", f"more than {MAX_FINDINGS:,} mistakes: reading ends here", mark)

    def _stop(self, code: str, message: str, mark: Mark, hint: str | None = None) -> None:
        self.failed = True
        self._find(code, message, mark, hint)
        raise _StoppedError


_TOP = Mark(0, 0, 0, 1)
_NO_KEY = Node("", "", Point(0, 0), Point(0, 1))
"""Stands for a key that is not text: what belongs to it is left out."""


def _is_within(span: Span, outer: Span) -> bool:
    return (outer.line, outer.column) <= (span.line, span.column) and (span.end_line, span.end_column) <= (
        outer.end_line,
        outer.end_column,
    )


def _mark(event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    return Mark(start.line, start.column, end.line, end.column)


def _end_of(node: Node, end: Any) -> Place:
    """A block collection's end event stands at the next token; its text ends with its last child."""
    if end.end_mark.index > end.start_mark.index:
        return end.end_mark  # type: ignore[no-any-return]
    children = node.value.values() if isinstance(node.value, dict) else node.value
    last = next(reversed(children), None)
    if last is None or (last.end.line, last.end.column) < (node.start.line, node.start.column):
        return Point(node.start.line, node.start.column + 1)
    return last.end  # type: ignore[no-any-return]


def _span(file: str, mark: Mark) -> Span:
    return Span(file, mark.line + 1, mark.column + 1, mark.end_line + 1, max(mark.end_column, 0) + 1)
