"""CEL conditions as syntax trees.

In: the text of a condition. Out: its tree, in which every token knows its offset; and the numbers that literals stand for.
Owns the bounds on length and depth and the words of a syntax error. The grammar is the CEL library's own (see `grammar`); the
library itself, which takes long to import, is needed to evaluate only (see `cel`). Change it when conditions are written otherwise.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TypeAlias

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from mlspec.expr.grammar import parser

Syntax: TypeAlias = "Tree[Token]"

LARGEST_INTEGER = 2**63
"""What CEL's integers end at."""
MAX_LENGTH = 4000
MAX_DEPTH = 400
"""Levels of the syntax tree; a pair of parentheses costs twelve. The CEL library evaluates by recursion."""


class ConditionSyntaxError(Exception):
    """The text is no CEL; `offset` is where it stops making sense."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@lru_cache(maxsize=1024)
def parse(source: str) -> Syntax:
    """Parse `source`; raises `ConditionSyntaxError`. The tree is shared by all who ask: look, do not touch."""
    return parse_anew(source)


def parse_anew(source: str) -> Syntax:
    """Parse `source` to a tree of one's own; raises `ConditionSyntaxError`. Token positions are offsets into `source`."""
    if len(source) > MAX_LENGTH:
        raise ConditionSyntaxError(f"a condition of {len(source)} characters; at most {MAX_LENGTH} are read", MAX_LENGTH)
    if not source.strip():
        raise ConditionSyntaxError("an empty condition", 0)
    try:
        tree: Syntax = parser().parse(source)
    except UnexpectedInput as error:
        offset = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(source)
        at_end = getattr(error, "token", None) is not None and error.token.type == "$END"
        if at_end or offset >= len(source):
            raise ConditionSyntaxError("the condition ends too early", len(source.rstrip())) from None
        word = getattr(error, "token", None) or source[offset]
        raise ConditionSyntaxError(f"`{word}` is not expected here", offset) from None
    _refuse_depth(tree, len(source))
    return tree


def _refuse_depth(tree: Syntax, length: int) -> None:
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ConditionSyntaxError("the condition is nested too deeply", length)
        level = [child for node in level for child in node.children if isinstance(child, Tree)]


def double_of(literal: str) -> float:
    """Return the value of a CEL number. Leading zeros mean nothing; what no double can hold is infinite."""
    text = literal.lower().rstrip("u")
    sign = -1.0 if text.startswith("-") else 1.0
    digits = text.lstrip("-")
    return sign * widened(int(digits, 16)) if digits.startswith("0x") else float(text)


def integer_of(literal: str) -> int:
    """Return the value of a CEL integer without its sign; one beyond all of CEL's own is as large as these."""
    if abs(double_of(literal)) >= LARGEST_INTEGER:  # Python reads no number of thousands of digits
        return LARGEST_INTEGER
    text = literal.lower().rstrip("u").lstrip("-0")
    return int(text[1:], 16) if text.startswith("x") else int(text or "0")


def is_exact(value: int) -> bool:
    """Whether a double holds an integer; of one of more than 64 bits nobody expects it."""
    return abs(value) >= LARGEST_INTEGER or float(value) == value


def inexact(written: object) -> str:
    """What to say of an integer that none holds."""
    return f"{written} is beyond 2^53 and no double: conditions cannot tell it from its neighbours"


def widened(number: float) -> float:
    """The double nearest to a number of any size."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
