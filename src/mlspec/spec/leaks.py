"""Secrets that stand in a spec as plain text.

In: a document, before anything else looks at it. Out: errors, none of which repeats a value, and the values; they are also
blotted out of the source texts that findings show. Knows the forms of common keys, and tells names of secrets from values.
Change it when a form is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from mlspec.diagnostics import Diagnostic
from mlspec.diagnostics.snippet import lines_of
from mlspec.source import Document, Node, inner_span, values_of

MAX_FINDINGS = 500
"""Secrets that are reported; all are blotted out."""
_BLOT = "•"
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
_SIGNS = (
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "xox",
    "hooks.slack",
    "AIza",
    "-----BEGIN",
    "eyJ",
    "://",
)
"""What every form begins with: most texts have none of them and need not be searched."""
_NAMES = re.compile(r"(?:^|_)(?:password|passwd|secret|secret_key|api_?key|access_key|token|credentials?)$", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{\{|^\$|^[a-z]+\.[a-z]")
_SCHEMA_SECTIONS = ("secrets", "targets")

Path = tuple[str | int, ...]


def find(document: Document) -> tuple[list[Diagnostic], list[str]]:
    """Find values that look like keys or passwords, and blot them out of the document's texts."""
    findings: list[Diagnostic] = []
    values: dict[str, None] = {}
    seen: set[int] = set()
    for inside, part, node in _texts(document.root) if document.root is not None and _suspect(document.root) else ():
        found = None
        if id(node) not in seen:
            # An alias stands for a text that has been looked at; its key has not.
            seen.add(id(node))
            found = _formed(node.value)
        if found is None and "with" in inside:
            found = _named(inside, part, node.value)
        if found is None:
            continue
        path = (*inside, part)
        what, start, end = found
        span = inner_span(node, start, end, document.sources.get(node.file, ""))
        hint = "revoke it, keep it in a secret store and refer to it under `secrets`"
        message = f"this looks like a secret in plain text: {what}"
        findings.append(Diagnostic("MLS603", message, span, hint=hint, path=".".join(map(str, path))))
        values[node.value[start:end]] = None
    _blot(document, findings)
    del findings[MAX_FINDINGS:]
    for file, text in document.sources.items():
        for _, form in _FORMS if _signed(text) else ():
            text = form.sub(lambda match: _BLOT * len(match[0]), text)
        document.sources[file] = text
    return findings, list(values)


def silent(finding: Diagnostic, values: list[str]) -> Diagnostic:
    """The finding without any of `values` in its words."""
    for value in values if finding.code != "MLS603" else ():
        if len(value) > 3 and (value in finding.message or value in (finding.hint or "")):
            hint = finding.hint.replace(value, _BLOT * 3) if finding.hint else None
            finding = replace(finding, message=finding.message.replace(value, _BLOT * 3), hint=hint)
    return finding


def _suspect(root: Node) -> bool:
    """Whether there is anything to look for, at any place: in most specs there is not."""
    found = values_of(root)
    keys: set[str] = set()
    keys.update(*[value for value in found if isinstance(value, dict)])
    texts = "\n".join([value for value in found if isinstance(value, str)])
    return _signed(texts) or any(map(_NAMES.search, keys))


def _signed(text: str) -> bool:
    return any(sign in text for sign in _SIGNS)


def _formed(text: str) -> tuple[str, int, int] | None:
    if _signed(text):
        for what, form in _FORMS:
            found = form.search(text)
            if found:
                return what, found.start(), found.end()
    return None


def _named(inside: Path, part: str | int, text: str) -> tuple[str, int, int] | None:
    named = inside[0] not in _SCHEMA_SECTIONS and _NAMES.search(str(part))
    if named and text and not _REFERENCE.search(text):
        return f"the value of `{part}`", 0, len(text)
    return None


def _blot(document: Document, findings: list[Diagnostic]) -> None:
    texts: dict[str, list[str]] = {}
    touched: dict[tuple[str, int], list[str]] = {}
    for span in (finding.span for finding in findings):
        if span.file not in texts:
            texts[span.file] = list(lines_of(document.sources.get(span.file, "")))
        lines = texts[span.file]
        for number in range(span.line - 1, min(span.end_line, len(lines))):
            if (span.file, number) not in touched:
                touched[span.file, number] = list(lines[number])
            line = touched[span.file, number]
            first = span.column - 1 if number == span.line - 1 else 0
            last = min(span.end_column - 1 if number == span.end_line - 1 else len(line), len(line))
            line[first:last] = _BLOT * (last - first)
    for (file, number), line in touched.items():
        texts[file][number] = "".join(line)
    for file, lines in texts.items():
        document.sources[file] = "\n".join(lines)


def _texts(root: Node) -> Iterator[tuple[Path, str | int, Node]]:
    """Every text of the spec, in the order of the file: the path of what it is in, its key or index there, and its node."""
    stack = _children(root, ())
    while stack:
        inside, part, node = text = stack.pop()
        if isinstance(node.value, str):
            yield text
        else:
            stack += _children(node, (*inside, part))


def _children(node: Node, path: Path) -> list[tuple[Path, str | int, Node]]:
    """What in a collection is text or may hold some, the last first."""
    items = reversed(node.value.items() if isinstance(node.value, dict) else list(enumerate(node.value)))
    return [(path, part, child) for part, child in items if isinstance(child.value, (str, dict, list))]
