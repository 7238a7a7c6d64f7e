"""What a finding is: a position, a code, a reason and a way out.

In: nothing but values. Out: frozen dataclasses every stage returns beside its result.
Owns `Span`, `Diagnostic` and their order; never formats (see `render`) and never raises.
Change it when a finding must carry something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Span(NamedTuple):
    """A range of a file. Lines and columns count from 1, columns in characters; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that helps to understand a finding."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding."""

    code: str
    """Stable: a prefix of two to eight capitals, ours is `MLS`, and three digits; a catalogue has a page for each."""
    message: str
    """One sentence without a full stop that quotes what was found."""
    span: Span
    severity: Severity = "error"
    hint: str | None = None
    """What to write instead: the nearest name, the expected form."""
    related: tuple[Related, ...] = ()
    path: str = ""
    """Where in the spec, as an address: `steps.train.retry.limit`."""
    more: int = 0
    """How many more like it there are, of which no finding was made."""


def in_order(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Sort by position, then code; drop repeats of the same code at the same place with the same words."""
    unique = {(d.span, d.code, d.message): d for d in findings}
    return [unique[key] for key in sorted(unique)]


def has_errors(findings: list[Diagnostic]) -> bool:
    """Tell whether any finding is an error."""
    return any(d.severity == "error" for d in findings)
