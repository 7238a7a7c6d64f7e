"""A YAML value that knows where it was written.

In: what the reader found. Out: nodes, and the plain data below them.
Owns the tree's shape; never parses and never judges. Change it when positions must carry more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from mlspec.diagnostics import Span


class Mark(NamedTuple):
    """Lines and columns from 0, end exclusive, as libyaml counts."""

    line: int
    column: int
    end_line: int
    end_column: int


class Place(Protocol):
    """A line and a column from 0: a `Point`, or a mark of the YAML parser's as it is, since most are never looked at."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The column, in characters."""


class Point(NamedTuple):
    """A place of our own."""

    line: int
    column: int


class Node:
    """A mapping (`dict[str, Node]`), a sequence (`list[Node]`) or a scalar (anything else).

    `keys` holds a node for each key of a mapping, `style` the quoting of a scalar (`'`, `"`, `|`, `>` or empty).
    """

    __slots__ = ("_keys", "_written", "end", "file", "start", "style", "value")

    def __init__(
        self, value: Any, file: str, start: Place, end: Place, keys: Mapping[str, Node] | None = None, style: str = ""
    ) -> None:
        self.value = value
        self.file = file
        self.start = start
        self.end = end
        self.style = style
        self._keys = keys
        self._written: Mapping[str, Any] | None = None

    def give_keys(self, written: Mapping[str, Any] | None) -> None:
        """Take the keys of a mapping as the YAML parser's events: few are ever looked at."""
        self._written = written

    @property
    def keys(self) -> Mapping[str, Node]:
        """A node for each key of a mapping; of anything else nothing."""
        if self._written is not None:
            self._keys = {name: key_of(key, self.file) for name, key in self._written.items()}
            self._written = None
        return self._keys or {}

    @property
    def mark(self) -> Mark:
        """Where the node stands, as four numbers."""
        return Mark(self.start.line, self.start.column, self.end.line, self.end.column)

    @property
    def span(self) -> Span:
        """Where the node stands. A block collection ends where its last line does, not where the next key starts."""
        line, column, end_line, end_column = self.mark
        return Span(self.file, line + 1, column + 1, end_line + 1, end_column + 1)

    def key_span(self, key: str) -> Span:
        """Where `key` of this mapping is written; the mapping itself when it is not."""
        node = self.keys.get(key)
        return node.span if node is not None else self.span

    def get(self, *path: str | int) -> Node | None:
        """Follow keys and indices; None where one is missing."""
        node: Node = self
        for part in path:
            children = node.value
            if isinstance(children, list):  # not `in range(…)`, which compares a text with every number
                inside = isinstance(part, int) and 0 <= part < len(children)
            else:
                inside = isinstance(children, dict) and part in children
            if not inside:
                return None
            node = children[part]
        return node


def key_of(written: Any, file: str) -> Node:
    """The node of a key that may be an event of the YAML parser's."""
    if isinstance(written, Node):
        return written
    return Node(written.value, file, written.start_mark, written.end_mark, style=written.style or "")


def values_of(root: Node) -> list[Any]:
    """The value of `root` and of every node below it, in no order; what an alias stands for is there each time."""
    found = [root.value]
    for value in found:  # which grows meanwhile
        if isinstance(value, dict):
            found += [child.value for child in value.values()]
        elif isinstance(value, list):
            found += [child.value for child in value]
    return found


def plain(node: Node) -> Any:
    """The data below `node`: dicts, lists and scalars. Depth is bounded by the reader."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(child) if isinstance(child.value, _INNER) else child.value for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) if isinstance(child.value, _INNER) else child.value for child in value]
    return value


_INNER = (dict, list)
