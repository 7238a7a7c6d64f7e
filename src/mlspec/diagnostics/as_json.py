"""Findings as JSON, a stable format for programs.

In: findings. Out: one JSON object, pure ASCII, in the order of `in_order`. Owns the form of `--format json`:

    {"version": 1,
     "summary": {"errors": int, "warnings": int, "files": int: those with findings, "specs": int: those read,
                 "left_out": [{"code", "file", "count"}], where there are more of a kind than the thousand that are listed},
     "findings": [{"code", "severity": "error" | "warning", "message", "hint": str | null, "path": str,
                   "span": SPAN, "related": [{"span": SPAN, "message"}]}]}
    SPAN = {"file", "line", "column", "end_line", "end_column"}, counted from 1, in characters, the end exclusive

Keys may be added; none changes or goes while `version` is 1. Change it when programs need more of a finding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mlspec.diagnostics.few import MOST_FOR_PROGRAMS, few, number_of
from mlspec.diagnostics.model import Diagnostic, in_order

VERSION = 1


def render(findings: Sequence[Diagnostic], specs: int | None = None) -> str:
    """Return the findings as one indented JSON object with a final newline; `specs` is how many were read, where that is known."""
    ordered = in_order(list(findings))
    errors = number_of(finding for finding in ordered if finding.severity == "error")
    shown = few(ordered, MOST_FOR_PROGRAMS)
    summary: dict[str, Any] = {
        "errors": errors,
        "warnings": number_of(ordered) - errors,
        "files": len({finding.span.file for finding in ordered}),
    }
    if specs is not None:
        summary["specs"] = specs
    if shown.left_out:
        summary["left_out"] = [{"code": code, "file": file, "count": count} for (code, file), count in shown.left_out.items()]
    document = {
        "version": VERSION,
        "summary": summary,
        "findings": [_finding(finding) for finding in shown.shown],
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Diagnostic) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "path": finding.path,
        "span": finding.span._asdict(),
        "related": [{"span": related.span._asdict(), "message": related.message} for related in finding.related],
    }
