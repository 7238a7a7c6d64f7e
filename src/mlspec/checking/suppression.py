"""What the spec silences: warnings left out by `lint: ignore` or a comment on the line.

In: findings, the document and the spec. Out: those that remain; warnings as errors where asked. Owns the form of the comment.
Change it when findings can be silenced in another way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mlspec.diagnostics import Diagnostic
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
    for finding in findings:
        warning = finding.severity == "warning"
        if warning and finding.code in ignored:
            continue
        if (warning or finding.code == "MLS603") and _is_suppressed(document, finding):
            continue
        kept.append(replace(finding, severity="error") if warning and strict else finding)
    return kept


def _is_suppressed(document: Document, finding: Diagnostic) -> bool:
    lines = lines_of(document.sources.get(finding.span.file, ""))
    line = lines[finding.span.line - 1] if finding.span.line <= len(lines) else ""
    _, mark, words = line.partition("# mlspec: ignore")
    return bool(mark) and finding.code in current(words.replace(",", " ").split())
