"""Values as people look at them in a terminal or a notebook.

In: rows of texts. Out: an aligned text, and HTML for notebooks. Owns how a table looks; never decides what is in it.
Standard library only. Change it when tables should look different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from mlspec.diagnostics.printable import visible

Value = TypeVar("Value")


class Table(Mapping[str, Value]):
    """A mapping that a terminal shows as aligned rows, and a notebook as a table; `row` says what a row has."""

    def __init__(
        self, title: str, head: Sequence[str], values: Mapping[str, Value], row: Callable[[str, Value], Sequence[str]]
    ) -> None:
        self._title = title
        self._head = head
        self._values = values
        self._row = row

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return as_text(self._title, self._rows())

    def _repr_html_(self) -> str:
        return as_html(self._title, self._head, self._rows())

    def _rows(self) -> list[Sequence[str]]:
        return [self._row(name, value) for name, value in self.items()]


def as_text(title: str, rows: Sequence[Sequence[str]]) -> str:
    """A title and rows below it, in columns."""
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join([title, *(f"  {line}" for line in lines)])


def as_html(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same as a table that a notebook shows."""
    from html import escape  # no command line needs it, and its names take long to read

    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
