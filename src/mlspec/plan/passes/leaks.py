"""Secrets that stand in the spec as plain text.

In: a spec. Out: errors, none of which repeats the value; the value is also blotted out of the source text that findings
show. Knows the forms of common keys and tells names of secrets from values. Change it when a form is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mlspec.diagnostics.snippet import lines_of
from mlspec.plan.findings import Findings
from mlspec.plan.pipeline import Pipeline
from mlspec.source import Node
from mlspec.spec.loaded import Spec

_FORMS = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("a Slack webhook", re.compile(r"https://hooks\.slack\.com/services/\S+")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+")),
    ("a password in a URI", re.compile(r"(?<=://)[^\s/:@]+:(?!\$)[^\s/@]+(?=@)")),
)
_NAMES = re.compile(r"(?:^|_)(?:password|passwd|secret|secret_key|api_?key|access_key|token|credentials?)$", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{\{|^\$|^[a-z]+\.[a-z]")
_SCHEMA_SECTIONS = ("secrets", "targets")


def check(spec: Spec, pipelines: Iterable[Pipeline], findings: Findings) -> None:
    """Find values that look like keys or passwords."""
    for path, node in _texts(spec.root):
        for what, form in _FORMS:
            found = form.search(node.value)
            if found:
                _report(spec, path, node, what, found.start(), found.end(), findings)
                break
        else:
            named = _NAMES.search(str(path[-1])) and path[0] not in _SCHEMA_SECTIONS and "with" in path
            if named and node.value and not _REFERENCE.search(node.value):
                _report(spec, path, node, f"the value of `{path[-1]}`", 0, len(node.value), findings)


def _report(spec: Spec, path: tuple[str | int, ...], node: Node, what: str, start: int, end: int, findings: Findings) -> None:
    span = spec.inner_span(path, start, end)
    hint = "revoke it, keep it in a secret store and refer to it under `secrets`"
    message = f"this looks like a secret in plain text: {what}"
    findings.add("MLS603", message, span, hint, path=path)
    text = spec.document.sources.get(node.file)
    if text is not None:
        lines = list(lines_of(text))
        row = span.line - 1
        for number in range(row, min(span.end_line, len(lines))):
            first = span.column - 1 if number == row else 0
            last = span.end_column - 1 if number == span.end_line - 1 else len(lines[number])
            lines[number] = lines[number][:first] + "•" * (last - first) + lines[number][last:]
        spec.document.sources[node.file] = "\n".join(lines)


def _texts(root: Node) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    """Every text of the spec with its path, in the order of the file."""
    stack: list[tuple[tuple[str | int, ...], Node]] = [((), root)]
    while stack:
        path, node = stack.pop()
        if isinstance(node.value, dict):
            stack += [((*path, key), child) for key, child in reversed(node.value.items())]
        elif isinstance(node.value, list):
            stack += [((*path, index), child) for index, child in reversed(list(enumerate(node.value)))]
        elif isinstance(node.value, str) and path:
            yield path, node
