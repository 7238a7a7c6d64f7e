"""The first findings of each kind, and how many more there are: nobody reads a hundred thousand, and each costs time.

In: findings in order. Out: those to show, and the rest as numbers. Owns how many are shown; never sorts, and never drops one uncounted.
Change it when more of a kind should be shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from mlspec.diagnostics.model import Diagnostic

MOST = 100
"""Findings of one kind in one file that people are shown."""
MOST_FOR_PROGRAMS = 1000

Kind: TypeAlias = tuple[str, str]
"""What counts as the same again: a code and a file."""


class Few(NamedTuple):
    """Findings to show, and for each kind of which there are more, how many."""

    shown: list[Diagnostic]
    left_out: dict[Kind, int]

    def sentences(self) -> list[str]:
        """`… and 99,900 more of MLS201 in mlspec.yaml`, for each kind of which there are more."""
        return [f"… and {count:,} more of {code} in {file}" for (code, file), count in self.left_out.items()]


def few(findings: Sequence[Diagnostic], most: int = MOST) -> Few:
    """Keep the first `most` of each kind."""
    found: Counter[Kind] = Counter()
    left_out: Counter[Kind] = Counter()
    shown = []
    for finding in findings:
        kind = finding.code, finding.span.file
        found[kind] += 1
        left_out[kind] += finding.more
        if found[kind] <= most:
            shown.append(finding)
        else:
            left_out[kind] += 1
    return Few(shown, {kind: count for kind, count in left_out.items() if count})


def number_of(findings: Iterable[Diagnostic]) -> int:
    """How many there are, with those that were only counted."""
    return sum(1 + finding.more for finding in findings)
