"""`${{ }}` in shell scripts: where a placeholder may stand, and what takes its place.

In: a POSIX sh script with placeholders. Out: what is wrong with them, or the script with each as a quoted expansion of an
environment variable. Owns which contexts are refused (`quoting` finds them); never puts a value into a script, so that none is
ever evaluated. Standard library only: the step process imports it. Change it when what may stand where changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mlspec.expr.quoting import DELIMITERS, Mark, marks
from mlspec.expr.template import Placeholder, placeholders


class Problem(NamedTuple):
    """A placeholder that cannot stand where it does: its offsets in the script (end exclusive) and why."""

    start: int
    end: int
    message: str


def problems(script: str, found: Iterable[Placeholder], is_list: Callable[[str], bool]) -> list[Problem]:
    """Find those of the placeholders `found` in `script` that have no safe expansion where they stand, in its order.

    `is_list` tells of an address whether it is a list of inputs, which becomes several words.
    """
    refused = []
    for mark in marks(script, found):
        message = _REFUSED.get(mark.context)
        if mark.address is None:
            message = None if mark.context in _LITERAL else message
        elif message is None and is_list(mark.address) and mark.context != "comment":
            message = _list_problem(script, mark)
        if message is not None:
            refused.append(Problem(mark.start, mark.end, message))
    return refused


def rewrite(script: str, expansion: Callable[[str], list[str]]) -> str:
    """Put expansions of variables in the place of placeholders; `problems` must have found nothing.

    `expansion` names the variables of an address: one, or for a list any number. `$${{` comes to be a literal `${{`.
    Raises `TemplateError`, and what `expansion` raises.
    """
    parts, position = [], 0
    for mark in marks(script, placeholders(script)):
        parts.append(script[position : mark.start])
        position = mark.end
        if mark.address is None:
            parts.append("${{" if mark.context in _LITERAL else r"\${{")
        elif mark.context == "comment":
            parts.append(script[mark.start : mark.end])
        elif mark.context == "plain":
            parts.append(" ".join(f'"${name}"' for name in expansion(mark.address)))
        else:
            parts.append("".join(f"${{{name}}}" for name in expansion(mark.address)))
    return "".join(parts) + script[position:]


def _list_problem(script: str, mark: Mark) -> str | None:
    if mark.context == "quoted":
        return "a list becomes several words, which double quotes and here-documents cannot hold; write it unquoted"
    before, after = script[: mark.start][-1:], script[mark.end :][:1]
    if (before and before not in DELIMITERS) or (after and after not in DELIMITERS + "`}"):
        return "a list becomes several words and must stand alone, with blanks around it"
    return None


_REFUSED = {
    "single": "the shell expands nothing inside single quotes; use double quotes",
    "document": "the shell expands nothing in a here-document whose end word is quoted; write the end word without quotes",
    "arithmetic": "inside $(( )) a value would be computed as an expression; assign it to a variable first",
    "escaped": r"a backslash stands before it; to write ${{ itself, use $${{",
    "nested": "it stands in backticks within backticks; use $( ) instead",
    "muddled": "a quote before it, within ${ }, means different things in different shells; move it out of ${ }",
    "deep": "it stands in too many here-documents; assign it to a variable first",
    "delimiter": "it is the end word of a here-document, which the shell does not expand",
}
_LITERAL = frozenset({"single", "document", "comment"})
