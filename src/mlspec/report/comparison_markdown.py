"""Runs side by side as Markdown, for a pull request.

In: a `Comparison`. Out: Markdown text. Owns its escaping: what a run says is never markup. What is the same everywhere is counted, not
shown. Change it when a comparison should read differently in a review.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlspec.diagnostics.printable import visible
from mlspec.history.comparison import Comparison, Row

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""What begins markup, an entity, a mention or a link within a line."""


def render(found: Comparison) -> str:
    """Return a heading, and a table for each section in which something differs."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    yield f"### Runs of {_text(found.lifecycle)}\n"
    yield from _table("", found.run_ids, found.heads)
    for section in found.sections:
        differing = [row for row in section.rows if row.differs]
        same = len(section.rows) - len(differing)
        if differing:
            yield f"\n#### {section.title}\n"
            yield from _table("", found.run_ids, differing)
            if same:
                yield f"\n{same} more are the same."
        else:
            yield f"\n#### {section.title}\n\nThe same ({same})."


def _table(corner: str, run_ids: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {corner} | " + " | ".join(_text(run_id) for run_id in run_ids) + " |"
    yield "|---" * (len(run_ids) + 1) + "|"
    for row in rows:
        yield f"| {_text(row.name)} | " + " | ".join(_text(value) for value in row.shown) + " |"


def _text(text: str) -> str:
    return _MARKUP.sub(r"\\\1", visible(text))
