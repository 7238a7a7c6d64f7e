"""Findings as SARIF 2.1.0, which code scanning services and editors read.

In: findings. Out: one log with one run, pure ASCII. Owns the mapping to OASIS SARIF 2.1.0; rules come from the
catalogue. Never writes an absolute path of its own, a time or a machine's name: same findings, same bytes.
Change it when consumers of SARIF need more of a finding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from mlspec.diagnostics.explain import PREFIX, Catalogue
from mlspec.diagnostics.few import MOST_FOR_PROGRAMS, few
from mlspec.diagnostics.model import Diagnostic, Span, in_order
from mlspec.diagnostics.printable import lines
from mlspec.resources import DOCUMENTATION

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(findings: Sequence[Diagnostic], version: str, catalogue: Catalogue | None = None) -> str:
    """Return the log; `version` is mlspec's own, `catalogue` has the pages of its codes: without it, those of no target."""
    pages = catalogue or Catalogue()
    kept = few(in_order(list(findings)), MOST_FOR_PROGRAMS)
    ordered = kept.shown
    rules = sorted({finding.code for finding in ordered})
    driver = {"name": "mlspec", "version": version, "rules": [_rule(code, pages) for code in rules]}
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, rules.index(finding.code)) for finding in ordered],
    }
    if kept.left_out:
        notes = [{"level": "note", "message": {"text": lines(text)}} for text in kept.sentences()]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, pages: Catalogue) -> dict[str, Any]:
    if code not in pages.codes:
        return {"id": code}
    entry = pages.page(code)
    site = {"helpUri": f"{DOCUMENTATION}findings/{code}/"} if code.startswith(PREFIX) else {}
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        **site,
        "help": {"text": entry.text, "markdown": entry.text},
    }


def _result(finding: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": lines(finding.message + (f"\n{finding.hint}" if finding.hint else ""))},
        "locations": [_location(finding.span, finding.path)],
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related.span), "message": {"text": lines(related.message)}}
            for number, related in enumerate(finding.related)
        ]
    return result


def _location(span: Span, path: str = "") -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(span.file)},
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        }
    }
    if path:
        location["logicalLocations"] = [{"fullyQualifiedName": lines(path)}]
    return location


def _uri(file: str) -> str:
    """Write a file name as a URI reference; relative ones stay so, and are read from the repository's root."""
    path = PurePosixPath(file)
    encoded = quote(path.as_posix(), safe="/", errors="surrogatepass")
    return f"file://{encoded}" if path.is_absolute() else encoded
