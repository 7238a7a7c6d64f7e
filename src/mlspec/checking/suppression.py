"""What the spec silences: warnings left out by `lint: ignore` or a comment on the line.

In: findings, the document and the spec. Out: those that remain; warnings as errors where asked. Owns the form of the comment.
Change it when findings can be silenced in another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.retired import current
from mlspec.diagnostics.snippet import lines_of
from mlspec.source import Document
from mlspec.spec.loaded import Spec


def unsuppressed(
    document: Document, spec: Spec | None, findings: Iterable[Diagnostic], *, strict: bool = False
) -> list[Diagnostic]:
    """Leave out warnings that the spec silences, by `lint: ignore` or a comment on the line; make the rest errors if strict.

    What only looks like a secret can be silenced as well, on its own line. A retired code silences what it has become.
    """
    lint = spec.lifecycle.lint if spec is not None else None
    ignored = current(lint.ignore) if lint is not None else set()
    kept = []
    comments = _Comments(document)
    for finding in findings:
        warning = finding.severity == "warning"
        if warning and finding.code in ignored:
            continue
        if (warning or finding.code == "MLS603") and finding.code in comments.silenced(finding.span):
            continue
        kept.append(replace(finding, severity="error") if warning and strict else finding)
    return kept


class _Comments:
    """The comments of a document, each looked for once: a line may have a hundred thousand findings, and a million characters."""

    def __init__(self, document: Document) -> None:
        self._sources = document.sources
        self._silenced: dict[tuple[str, int], set[str]] = {}

    def silenced(self, span: Span) -> set[str]:
        """The codes that the comment on a line silences."""
        place = span.file, span.line
        if place not in self._silenced:
            lines = lines_of(self._sources.get(span.file, ""))
            line = lines[span.line - 1] if span.line <= len(lines) else ""
            words = line.partition("# mlspec: ignore")[2]
            self._silenced[place] = current(words.replace(",", " ").split())
        return self._silenced[place]
