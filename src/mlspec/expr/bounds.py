"""Bounds that a condition puts on single addresses.

In: a condition. Out: for each comparison that must hold, the address and the interval it leaves. Reads `&&` chains of
comparisons with numbers; anything else says nothing. Never evaluates. Change it when more forms should be understood.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lark import Token, Tree

from mlspec.expr.addresses import join
from mlspec.expr.checker import collapsed, dotted, offsets
from mlspec.expr.syntax import ConditionSyntaxError, Syntax, double_of, parse


@dataclass(frozen=True, slots=True)
class Bound:
    """The values of `address` for which a comparison holds, and where it stands in the condition."""

    address: str
    low: float
    high: float
    low_open: bool
    high_open: bool
    start: int
    end: int

    @property
    def empty(self) -> bool:
        """Whether no number is left."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def narrowed(self, other: Bound) -> Bound:
        """Both bounds at once, at the place of the other."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_open = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Bound(self.address, low, high, low_open, not high_open, other.start, other.end)


def bounds(condition: str) -> list[Bound]:
    """The bounds that must all hold for `condition` to hold; none when it is no condition."""
    try:
        todo = [parse(condition)]
    except ConditionSyntaxError:
        return []
    found = []
    while todo:
        node = collapsed(todo.pop())
        if node.data == "conditionaland":
            todo += [child for child in reversed(node.children) if isinstance(child, Tree)]
        elif node.data == "relation":
            bound = _bound(node)
            if bound is not None:
                found.append(bound)
    return found


_STRINGS = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_WORDS = re.compile(r"(?<![0-9A-Za-z_.])[A-Za-z_]\w*")
"""Not what stands in a number: `1e5`, `0x1f`, `3u`."""
_LITERALS = frozenset(("true", "false", "null", "in"))
_NAMING = frozenset(("ident", "dot_ident", "ident_arg", "dot_ident_arg", "member_dot_arg"))


def reads_nothing(condition: str) -> bool:
    """Whether the condition names no value and calls no function, which might take long; false when it is no condition."""
    if any(word not in _LITERALS for word in _WORDS.findall(_STRINGS.sub("", condition))):
        return False  # which is known without parsing it
    try:
        tree = parse(condition)
    except ConditionSyntaxError:
        return False
    return next(tree.find_pred(lambda node: node.data in _NAMING), None) is None


def _bound(node: Syntax) -> Bound | None:
    head, right = (child for child in node.children if isinstance(child, Tree))
    left = next(child for child in head.children if isinstance(child, Tree))
    operator = head.data
    address, number = dotted(left), _number(right)
    if address is None:
        address, number = dotted(right), _number(left)
        operator = {
            "relation_lt": "relation_gt",
            "relation_gt": "relation_lt",
            "relation_le": "relation_ge",
            "relation_ge": "relation_le",
        }.get(operator, operator)
    if address is None or number is None or math.isnan(number):
        return None
    name, (start, end) = join(address), offsets(node)
    match operator:
        case "relation_lt" | "relation_le":
            return Bound(name, -math.inf, number, False, operator == "relation_lt", start, end)
        case "relation_gt" | "relation_ge":
            return Bound(name, number, math.inf, operator == "relation_gt", False, start, end)
        case "relation_eq":
            return Bound(name, number, number, False, False, start, end)
    return None


def _number(node: Syntax) -> float | None:
    node = collapsed(node)
    sign = 1.0
    if node.data == "unary" and len(node.children) == 2:
        head, operand = node.children
        if not isinstance(head, Tree) or head.data != "unary_neg" or not isinstance(operand, Tree):
            return None
        sign, node = -1.0, collapsed(operand)
    token = node.children[0] if node.data == "literal" and node.children else None
    if not isinstance(token, Token) or token.type not in ("INT_LIT", "UINT_LIT", "FLOAT_LIT"):
        return None
    return sign * double_of(token.value)
