"""What is wrong with a text that is no YAML, in words that lead to the fix.

In: the YAML parser's error and the lines of the text. Out: code, message, place and hint of one finding.
Owns the wording, the same for libyaml and for PyYAML's own parser; never parses.
Change it when a complaint of the parser reads badly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import yaml

from mlspec.source.node import Mark

CHARACTER_HINT = "no operating system and no orchestrator takes it: remove it"


class SyntaxFinding(NamedTuple):
    """What to report; `context` is where the construct begins that the parser was in, with its words."""

    code: str
    message: str
    mark: Mark
    hint: str | None
    context: tuple[str, Mark] | None


def explain(error: yaml.YAMLError, lines: Sequence[str]) -> SyntaxFinding:
    """Say what the parser stumbled over; `lines` are those of the text, without their ends."""
    at = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = _place(at, lines)
    problem = _worded(str(getattr(error, "problem", None) or "this is no YAML"))
    if problem == _NO_CHARACTER:
        escape = re.match(r"\\.\w+", lines[place.line][place.column - 2 :])
        written = escape[0] if escape else ""
        place = Mark(place.line, place.column - 2, place.line, place.column - 2 + len(written))
        message = f"`{written}` is no character: it is half of one, or beyond Unicode"
        return SyntaxFinding("MLS114", message, place, r"write the character itself, or all of it as \U0001F600", None)
    context: tuple[str, Mark] | None = None
    words, begin = getattr(error, "context", None), getattr(error, "context_mark", None)
    if words and begin and begin.line < place.line:
        context = _worded(words), _place(begin, lines)
    line = lines[place.line]
    if "\t" in line[: place.column + 1]:
        problem = "a tab indents this line"
        hint: str | None = "indent with spaces"
        column = line.index("\t")
        place = Mark(place.line, column, place.line, column + 1)
    else:
        hint = _hint(problem, lines, place.line)
    return SyntaxFinding("MLS101", f"YAML cannot be read: {problem}", place, hint, context)


def short(text: str) -> str:
    """A key or a tag as messages quote it."""
    return text if len(text) <= 60 else text[:57] + "…"


_NO_CHARACTER = "found invalid Unicode character escape code"
_UNRELATED = "this does not go on with what is above it"
_WORDS = (
    (r"mapping values are not allowed here", "mapping values are not allowed in this context"),
    (r"mapping keys are not allowed here", "mapping keys are not allowed in this context"),
    (r"sequence entries are not allowed here", "block sequence entries are not allowed in this context"),
    (r"found character .* that cannot start any token", "found character that cannot start any token"),
    (r"expected (',' or '[\]}]'), but got .*", r"did not find expected \1"),
    (r"expected the node content, but found .*", "did not find expected node content"),
    (r"found unknown escape character .*", "found unknown escape character"),
    (r"expected '?<document start>'?, but found .*", "did not find expected <document start>"),
    (r"found undefined tag handle .*", "found undefined tag handle"),
    (r"found incompatible YAML document .*", "found incompatible YAML document"),
    (r"found unexpected document separator", "found unexpected document indicator"),
    (r"expected a comment or a line break, but found .*", "did not find expected comment or line break"),
    (r"could not find expected directive name", "did not find expected alphabetic or numeric character"),
    (r"expected '[ !]', but found .*", "did not find expected whitespace or line break"),
    (r"expected '>', but found .*", "did not find the expected '>'"),
    (r"expected URI, but found .*", "did not find expected tag URI"),
    (r"while (?:parsing|scanning) a tag", "while scanning a tag"),
    (r"expected (alphabetic or numeric character), but found .*", r"did not find expected \1"),
    (r"expected <block end>, but found .*|did not find expected (?:key|'-' indicator)", _UNRELATED),
    (r"while (?:scanning|parsing) a (?:double-|single-)?quoted scalar", "while scanning a quoted scalar"),
)
"""Words of the one parser for those of the other."""


def _worded(problem: str) -> str:
    for form, words in _WORDS:
        if re.fullmatch(form, problem):
            return re.sub(form, words, problem)
    return problem


def _place(mark: object, lines: Sequence[str]) -> Mark:
    """One character; what is missing at the end of the text is missing behind its last character."""
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    if line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    column = min(column, len(lines[line]))
    return Mark(line, column, line, column + 1)


def _hint(problem: str, lines: Sequence[str], line: int) -> str | None:
    """Say what is most often the reason for one of the parser's complaints."""
    key = "a key is followed by `: `, a colon and a space"
    if problem == _UNRELATED:
        return "indent it like its neighbours"
    if "could not find expected ':'" in problem:
        return key
    if "mapping values are not allowed" in problem:
        before = next((text for text in reversed(lines[:line]) if text.strip()), "")
        return "quote a value that contains `: `" if ":" in before else f"is a colon missing on the line before? {key}"
    if "${{" in lines[line] and "expected ',' or '}'" in problem:
        return "quote a value that contains `${{ }}` inside of { }"
    if "cannot start any token" in problem:
        return "quote a value that begins with a special character"
    return None
