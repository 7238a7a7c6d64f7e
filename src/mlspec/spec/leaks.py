"""Secrets that stand in a spec as plain text.

In: a document, before anything else looks at it. Out: errors, none of which repeats a value, and the values; they are also
blotted out of the source texts that findings show. Knows the forms of common keys, and tells names of secrets from values.
Change it when a form is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.snippet import lines_of
from mlspec.source import Document, Node, inner_span

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
_PLAIN = frozenset({"with", "env"})
"""Keys below which values have names of the user's."""
_VARIABLE = re.compile(r"[A-Za-z_]\w*|[A-Z][A-Z0-9_. -]*", re.ASCII)
"""The name of a variable, or what was meant to be one."""
_SCHEMA_SECTIONS = ("secrets", "targets")

Path = tuple[str | int, ...]


def find(document: Document, every: list[Any]) -> tuple[list[Diagnostic], list[str]]:
    """Find values that look like keys or passwords, and blot them out of the document's texts; `every` is each node's value."""
    findings: list[Diagnostic] = []
    asked: list[Diagnostic] = []
    values: dict[str, None] = {}
    seen: set[int] = set()
    for inside, part, node in _texts(document.root) if document.root is not None and _suspect(every) else ():
        found = None
        if id(node) not in seen:
            # An alias stands for a text that has been looked at; its key has not.
            seen.add(id(node))
            found = formed(node.value)
        if found is None and not _PLAIN.isdisjoint(inside):
            found = _named(inside, part, node.value)
        if found is None and (name := _parameter(inside, part)) is not None:
            found = _named(("params",), name, node.value)
            asked += _asked_for(name, node)
        if found is None:
            continue
        path = (*inside, part)
        what, start, end = found
        span = inner_span(node, start, end, document.sources.get(node.file, ""))
        hint = "revoke it, keep it in a secret store and refer to it under `secrets`"
        message = f"this looks like a secret in plain text: {what}"
        findings.append(Diagnostic("MLS603", message, span, hint=hint, path=".".join(map(str, path))))
        values[node.value[start:end]] = None
    instead = list(_instead_of_references(document.root)) if document.root is not None else []
    values |= {str(node.value): None for node in instead}
    _blot(document, [finding.span for finding in findings] + [node.span for node in instead])
    findings += asked
    del findings[MAX_FINDINGS:]
    for file, text in document.sources.items():
        for _, form in _FORMS if _signed(text) else ():
            text = form.sub(lambda match: _BLOT * len(match[0]), text)
        document.sources[file] = text
    return findings, sorted(values, key=len, reverse=True)


def silent(finding: Diagnostic, values: list[str]) -> Diagnostic:
    """The finding without any of `values` in its words."""
    for value in values if finding.code != "MLS603" else ():
        if len(value) > 3 and (value in finding.message or value in (finding.hint or "")):
            hint = finding.hint.replace(value, _BLOT * 3) if finding.hint else None
            finding = replace(finding, message=finding.message.replace(value, _BLOT * 3), hint=hint)
    return finding


def _suspect(every: list[Any]) -> bool:
    """Whether there is anything to look for, at any place: in most specs there is not."""
    keys: set[str] = set()
    keys.update(*[value for value in every if isinstance(value, dict)])
    texts = "\n".join([value for value in every if isinstance(value, str)])
    return _signed(texts) or any(map(_NAMES.search, keys))


def _signed(text: str) -> bool:
    return any(sign in text for sign in _SIGNS)


def formed(text: str) -> tuple[str, int, int] | None:
    """What of a text has the form of a secret: a name for it, and where it begins and ends."""
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


def _parameter(inside: Path, part: str | int) -> str | int | None:
    """The parameter whose default stands at a place, in the short form or the long one."""
    if inside == ("params",):
        return part
    return inside[1] if len(inside) == 2 and inside[0] == "params" and part == "default" else None


def _asked_for(name: str | int, text: Node) -> Iterator[Diagnostic]:
    """A parameter with an empty default asks whoever starts a run for its value: it stands in forms, records and arguments."""
    if text.value == "" and _NAMES.search(str(name)):
        message = f"the parameter `{name}` takes a secret in plain text: it would show in every run"
        hint = "refer to it under `secrets`; if it is none, give it another name"
        yield Diagnostic("MLS603", message, text.span, hint=hint, path=f"params.{name}")


def _instead_of_references(root: Node) -> Iterator[Node]:
    """What stands under `secrets` where only a variable's name may, or nothing: others find fault with it, and must not repeat it."""
    declared = root.value.get("secrets") if isinstance(root.value, dict) else None
    for secret in declared.value.values() if declared is not None and isinstance(declared.value, dict) else ():
        if not isinstance(secret.value, dict):
            yield from _scalars(secret)
            continue
        for key, node in secret.value.items():
            if key == "env":
                yield from (one for one in _scalars(node) if not _VARIABLE.fullmatch(str(one.value)))
            elif key != "kind" and not isinstance(node.value, dict):
                yield from _scalars(node)


def _scalars(node: Node) -> Iterator[Node]:
    """The node, or all that is in it; none of them empty."""
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one.value, dict | list):
            todo += one.value.values() if isinstance(one.value, dict) else one.value
        elif one.value not in (None, ""):
            yield one


def _blot(document: Document, spans: list[Span]) -> None:
    texts: dict[str, list[str]] = {}
    touched: dict[tuple[str, int], list[str]] = {}
    for span in spans:
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
