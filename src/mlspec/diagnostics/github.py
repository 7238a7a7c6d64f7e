"""Findings as GitHub workflow commands, which GitHub shows beside the lines of a change.

In: findings. Out: one `::error …::…` or `::warning …::…` line each. Owns the escaping of workflow commands, as
actions/toolkit does it in `packages/core/src/command.ts`; never lets a text end its command or begin another.
Change it when annotations should carry more.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from mlspec.diagnostics.few import few
from mlspec.diagnostics.model import Diagnostic, in_order
from mlspec.diagnostics.printable import visible


def render(findings: Sequence[Diagnostic]) -> str:
    """Return one command a finding, each on its line; empty without findings."""
    kept = few(in_order(list(findings)))
    commands = [_command(finding) for finding in kept.shown]
    return "".join(f"{line}\n" for line in (*commands, *(f"::notice title=mlspec::{_data(text)}" for text in kept.sentences())))


def _command(finding: Diagnostic) -> str:
    span = finding.span
    # A path from the root of the repository, which `./` does not lead to there.
    properties = {"file": posixpath.normpath(span.file), "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:
        # The Checks API refuses columns on an annotation of several lines.
        properties |= {"col": span.column, "endColumn": span.end_column}
    properties["title"] = f"mlspec {finding.code}"
    lines = [
        finding.message,
        *([finding.hint] if finding.hint else []),
        *([f"at {finding.path}"] if finding.path else []),
    ]
    lines += [f"{related.span}: {related.message}" for related in finding.related]
    fields = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{finding.severity} {fields}::{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    shown = "\n".join(visible(line) for line in text.replace("%", "%25").split("\n"))
    return shown.replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
