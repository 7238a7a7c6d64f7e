"""Findings as text for people: position, reason, source line with carets, way out.

In: findings and the texts of the files they point to. Out: one string, empty without findings, else ending in a count.
Owns the form of `--format text`; never emits an escape sequence unless asked for colour, never one from a file.
Change it when findings should read differently on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from mlspec.diagnostics.few import few, number_of
from mlspec.diagnostics.model import Diagnostic, Span, in_order
from mlspec.diagnostics.printable import inert, visible
from mlspec.diagnostics.snippet import lines_of, snippet

Sources: TypeAlias = Mapping[str, str] | Callable[[str], str | None]
"""The text of each file by the name that spans use; a function returns None for what it cannot read."""

_STYLES = {"error": "1;31", "warning": "1;33", "note": "1;36", "place": "1", "gutter": "34", "hint": "36"}


def render(findings: Sequence[Diagnostic], sources: Sources, *, color: bool = False, width: int = 100) -> str:
    """Return findings in order, of each kind the first ones, each with its source line in at most `width` columns, and a closing count."""
    if not findings:
        return ""
    read = sources if callable(sources) else sources.get
    writer = _Writer(read, color, width)
    ordered = in_order(list(findings))
    shown = few(ordered)
    blocks = ["\n".join(writer.finding(finding)) for finding in shown.shown]
    return inert("\n\n".join([*blocks, *map(visible, shown.sentences()), summary(ordered)])) + "\n"


def summary(findings: Sequence[Diagnostic]) -> str:
    """Count findings and the files they are in: `2 errors, 1 warning in 1 file`."""
    errors = number_of(finding for finding in findings if finding.severity == "error")
    warnings = number_of(findings) - errors
    counts = [_count(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    files = len({finding.span.file for finding in findings})
    return f"{', '.join(counts) or 'no findings'} in {_count(files, 'file')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


class _Writer:
    """What every line needs: where texts come from, whether to colour, how wide to be."""

    def __init__(self, read: Callable[[str], str | None], color: bool, width: int) -> None:
        self._read = read
        self._lines: dict[str, tuple[str, ...]] = {}
        self._color = color
        self._width = width

    def finding(self, finding: Diagnostic) -> Iterator[str]:
        severity = self._paint(finding.severity, f"{finding.severity} {finding.code}")
        yield f"{self._place(finding.span)} {severity}: {self._paint('place', visible(finding.message))}"
        yield from self._excerpt(finding.span, finding.severity)
        gutter = " " * (len(str(finding.span.line)) + 1)
        for note in (finding.hint, f"at {finding.path}" if finding.path else None):
            for number, line in enumerate(note.split("\n") if note else ()):
                mark = " " if number else self._paint("gutter", "=")
                yield f"{gutter}{mark} {visible(line)}"
        for related in finding.related:
            yield f"{self._place(related.span)} {self._paint('note', 'note')}: {visible(related.message)}"
            yield from self._excerpt(related.span, "note")

    def _place(self, span: Span) -> str:
        return self._paint("place", f"{visible(span.file)}:{span.line}:{span.column}:")

    def _excerpt(self, span: Span, style: str) -> Iterator[str]:
        if span.file not in self._lines:
            text = self._read(span.file)
            self._lines[span.file] = () if text is None else lines_of(text)
        lines = self._lines[span.file]
        if not 1 <= span.line <= len(lines):
            return  # it cannot be read, or has changed since it was
        shown = snippet(lines[span.line - 1], span, self._width)
        number = str(span.line)
        bar = self._paint("gutter", f"{' ' * len(number)} |")
        yield bar
        yield f"{self._paint('gutter', f'{number} |')} {shown.source}".rstrip()
        indent = shown.carets[: -len(shown.carets.lstrip())]
        yield f"{bar} {indent}{self._paint(style, shown.carets.lstrip())}"

    def _paint(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color else text
