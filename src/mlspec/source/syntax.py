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
    if (merged := _conflict(lines)) is not None:
        problem = "git has left both sides of a merge in it"
        return SyntaxFinding(
            "MLS101", f"YAML cannot be read: {problem}", merged, "choose what holds, then `mlspec compile`", None
        )
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
        hint = _hint(problem, lines, place)
    return SyntaxFinding("MLS101", f"YAML cannot be read: {problem}", place, hint, context)


def _conflict(lines: Sequence[str]) -> Mark | None:
    """The first mark of git's around a conflict."""
    wanted = iter(("<<<<<<<", "=======", ">>>>>>>"))
    mark, first = next(wanted), None
    for number, line in enumerate(lines):
        if line == mark or line.startswith(f"{mark} "):
            first = first or Mark(number, 0, number, len(line))
            mark = next(wanted, "")
            if not mark:
                return first
    return None


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


def _hint(problem: str, lines: Sequence[str], place: Mark) -> str | None:
    """Say what is most often the reason for one of the parser's complaints."""
    line, before = lines[place.line], lines[place.line][: place.column]
    if problem == _UNRELATED:
        return _unrelated(line, before)
    if "mapping values are not allowed" in problem:
        return _second_colon(lines, place)
    if "expected ',' or '}'" in problem and "${{" in line:
        return "quote a value that contains `${{ }}` inside of { }"
    if "cannot start any token" in problem and before[-1:].strip():
        return "quote the whole value: inside of brackets, quotes and brackets mean something"
    return next((hint for words, hint in _REASONS.items() if words in problem), None)


_KEY = "a key is followed by `: `, a colon and a blank"
_REASONS = {
    "could not find expected ':'": _KEY,
    "block sequence entries are not allowed": "put the list on lines of its own below the key, or in brackets: [a, b]",
    "unknown escape character": "in double quotes a backslash begins an escape: use single quotes, or write two of them",
    "expected alphabetic or numeric character": "quote a value that begins with `*` or `&`",
    "expected comment or line break": "text goes on the line below `|` or `>`; quote a value that begins with one of them",
    "expected ',' or '": "close what is open, put commas between, and quote a value that contains , { } [ ] or `: `",
    "cannot start any token": "quote a value that begins with a special character",
}
"""Hints by words of the problem."""


def _unrelated(line: str, before: str) -> str:
    if before.strip():
        return "the value ended before this: quote all of it; in single quotes write two of them for one"
    if line.lstrip().startswith("- "):
        return "below a key, all lines begin with `- ` or none does; steps are `name: {…}`, without"
    return "indent it like its neighbours"


def _second_colon(lines: Sequence[str], place: Mark) -> str:
    """A colon where the value above, or the one on the line itself, has not ended."""
    line = lines[place.line]
    if re.search(r":(\s|$)", line[: place.column]):
        return "quote a value that contains `: `"
    above = next((text for text in reversed(lines[: place.line]) if text.strip()), "")
    if re.match(r"\s*(- +)*[\w.-]+:[^\s/]", above):
        return f"is a blank missing after the colon on the line before? {_KEY}"
    if ":" not in above:
        return f"is a colon missing on the line before? {_KEY}"
    if len(line) - len(line.lstrip()) > len(above) - len(above.lstrip()):
        return "it is indented further than the line before, which has its value already: indent it like its neighbours"
    return "quote a value that contains `: `"
