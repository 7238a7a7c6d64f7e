"""CEL conditions: parsed for positions, evaluated for a verdict.

In: the text of a condition and, to evaluate, a scope of JSON values. Out: its syntax tree with offsets; or true or false.
Owns what mlspec asks of CEL beyond the CEL library: every number is a double, and a comparison with NaN is an error, never
false. Never checks types (see `checker`). Change it when the meaning of a condition changes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from celpy import CELEvalError, Environment, InterpretedRunner
from celpy.celparser import CELParseError, CELParser
from celpy.celtypes import BoolType, DoubleType, IntType, ListType, MapType, StringType, UintType
from celpy.evaluation import CELFunction, base_functions
from lark import Token, Tree
from lark.exceptions import UnexpectedInput

Syntax: TypeAlias = "Tree[Token]"

MAX_LENGTH = 4000
MAX_DEPTH = 400
"""Levels of the syntax tree; a pair of parentheses costs twelve. The CEL library evaluates by recursion."""


class ConditionSyntaxError(Exception):
    """The text is no CEL; `offset` is where it stops making sense."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class ConditionError(Exception):
    """The condition has no verdict: a value is missing, a comparison makes no sense."""


def parse(source: str) -> Syntax:
    """Parse `source`; raises `ConditionSyntaxError`. Token positions are character offsets into `source`."""
    if len(source) > MAX_LENGTH:
        raise ConditionSyntaxError(f"a condition of {len(source)} characters; at most {MAX_LENGTH} are read", MAX_LENGTH)
    if not source.strip():
        raise ConditionSyntaxError("an empty condition", 0)
    CELParser()
    grammar = CELParser.CEL_PARSER
    assert grammar is not None
    try:
        tree: Syntax = grammar.parse(source)
    except UnexpectedInput as error:
        offset = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(source)
        at_end = getattr(error, "token", None) is not None and error.token.type == "$END"
        if at_end or offset >= len(source):
            raise ConditionSyntaxError("the condition ends too early", len(source.rstrip())) from None
        word = getattr(error, "token", None) or source[offset]
        raise ConditionSyntaxError(f"`{word}` is not expected here", offset) from None
    except CELParseError as error:
        raise ConditionSyntaxError(str(error.args[0]).splitlines()[0], 0) from None
    _refuse_depth(tree, len(source))
    return tree


def _refuse_depth(tree: Syntax, length: int) -> None:
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ConditionSyntaxError("the condition is nested too deeply", length)
        level = [child for node in level for child in node.children if isinstance(child, Tree)]


def evaluate(source: str, scope: Mapping[str, Any]) -> bool:
    """Decide `source` in `scope` (root names to nested JSON values); raises `ConditionError`.

    The comparison operators, `size`, `int` and indexing are those of CEL with every number a double.
    """
    try:
        tree = parse(source)
    except ConditionSyntaxError as error:
        raise ConditionError(f"`{source}` is no condition: {error.message}") from None
    for node in tree.iter_subtrees():
        if node.data == "literal":
            node.children = [_as_double(token) for token in node.children]
    program = Environment(runner_class=InterpretedRunner).program(tree, functions=_FUNCTIONS)
    try:
        verdict = program.evaluate({name: _to_cel(value) for name, value in scope.items()})
    except CELEvalError as error:
        raise ConditionError(f"`{source}` cannot be decided: {_reason(error)}") from None
    except RecursionError:
        raise ConditionError(f"`{source}` cannot be decided: it is nested too deeply") from None
    if not isinstance(verdict, BoolType | bool):
        raise ConditionError(f"`{source}` is {verdict}, which is neither true nor false")
    return bool(verdict)


def _as_double(token: Token) -> Token:
    if token.type not in ("INT_LIT", "UINT_LIT"):
        return token
    value = double_of(token.value)
    # A literal beyond every double is written as CEL can read it: there is no word for infinity.
    return Token("FLOAT_LIT", str(value) if math.isfinite(value) else "1e999" if value > 0 else "-1e999")


def double_of(literal: str) -> float:
    """Return the value of a CEL number. Leading zeros mean nothing; what no double can hold is infinite."""
    text = literal.lower().rstrip("u")
    sign = -1.0 if text.startswith("-") else 1.0
    digits = text.lstrip("-")
    return sign * _widened(int(digits, 16)) if digits.startswith("0x") else float(text)


def _widened(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _to_cel(value: Any) -> Any:
    if isinstance(value, bool):
        return BoolType(value)
    if isinstance(value, int | float):
        return DoubleType(_widened(value))
    if isinstance(value, str):
        return StringType(value)
    if isinstance(value, list | tuple):
        return ListType([_to_cel(item) for item in value])
    if isinstance(value, Mapping):
        return MapType({StringType(key): _to_cel(item) for key, item in value.items()})
    return None


def _reason(error: CELEvalError) -> str:
    """The innermost cause: the CEL library wraps what our functions raise."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, KeyError):
        return f"there is no {cause.args[0]}"
    if isinstance(cause, CELEvalError) and len(cause.args) > 2 and cause.args[2]:
        return str(cause.args[2][0])
    return str(cause.args[0]) if cause.args else type(cause).__name__


def _kind(value: Any) -> str:
    if isinstance(value, BoolType | bool):
        return "a boolean"
    if isinstance(value, DoubleType | IntType | UintType):
        return "a number"
    if isinstance(value, StringType):
        return "a string"
    return "a list" if isinstance(value, ListType) else "an object" if isinstance(value, MapType) else "null"


def _compare(symbol: str, compare: Callable[[Any, Any], bool]) -> CELFunction:
    ordered = symbol not in ("==", "!=")

    def function(left: Any, right: Any) -> Any:
        for value in (left, right):
            if isinstance(value, CELEvalError):
                return value
        kinds = (_kind(left), _kind(right))
        if kinds == ("a number", "a number"):
            if math.isnan(left) or math.isnan(right):
                raise TypeError(f"NaN {symbol} …" if math.isnan(left) else f"… {symbol} NaN")
            return BoolType(compare(float(left), float(right)))
        if kinds[0] != kinds[1] and "null" not in kinds:
            raise TypeError(f"{kinds[0]} {symbol} {kinds[1]}")
        if ordered and kinds[0] not in ("a string", "a boolean"):
            raise TypeError(f"{kinds[0]} {symbol} {kinds[1]}")
        return BoolType(compare(left, right))

    return function


def _arithmetic(symbol: str, compute: Callable[[float, float], float]) -> CELFunction:
    library = base_functions[f"_{symbol}_"]

    def function(left: Any, right: Any) -> Any:
        for value in (left, right):
            if isinstance(value, CELEvalError):
                return value
        if _kind(left) == _kind(right) == "a number":
            try:
                return DoubleType(compute(float(left), float(right)))
            except (ZeroDivisionError, OverflowError) as error:
                raise TypeError(str(error)) from None
        if symbol != "+" or _kind(left) != _kind(right):
            raise TypeError(f"{_kind(left)} {symbol} {_kind(right)}")
        return library(left, right)

    return function


def _index(container: Any, index: Any) -> Any:
    for value in (container, index):
        if isinstance(value, CELEvalError):
            return value
    if isinstance(container, ListType):
        if _kind(index) != "a number" or not float(index).is_integer() or not 0 <= index < len(container):
            raise TypeError(f"there is no element {index} in a list of {len(container)}")
        return container[int(index)]
    return base_functions["_[_]"](container, index)


def _size(value: Any) -> Any:
    return value if isinstance(value, CELEvalError) else DoubleType(len(value))


def _whole(value: Any) -> Any:
    return value if isinstance(value, CELEvalError) else DoubleType(math.trunc(float(value)))


_FUNCTIONS: dict[str, CELFunction] = {
    "_<_": _compare("<", operator.lt),
    "_<=_": _compare("<=", operator.le),
    "_>_": _compare(">", operator.gt),
    "_>=_": _compare(">=", operator.ge),
    "_==_": _compare("==", operator.eq),
    "_!=_": _compare("!=", operator.ne),
    "_+_": _arithmetic("+", operator.add),
    "_-_": _arithmetic("-", operator.sub),
    "_*_": _arithmetic("*", operator.mul),
    "_/_": _arithmetic("/", operator.truediv),
    "_%_": _arithmetic("%", math.fmod),
    "_[_]": _index,
    "size": _size,
    "int": _whole,
    "uint": _whole,
}
