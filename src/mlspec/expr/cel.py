"""CEL conditions, evaluated.

In: the text of a condition and a scope of JSON values. Out: true or false.
Owns what mlspec asks of CEL beyond the CEL library: every number is a double, and a comparison with NaN is an error, never
false. Never checks types (see `checker`). Change it when the meaning of a condition changes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from celpy import CELEvalError, Environment, InterpretedRunner
from celpy.celparser import CELParser
from celpy.celtypes import BoolType, DoubleType, IntType, ListType, MapType, StringType, UintType
from celpy.evaluation import CELFunction, base_functions
from lark import Token

from mlspec.expr.grammar import parser
from mlspec.expr.syntax import ConditionSyntaxError, double_of, inexact, is_exact, parse_anew, widened


class ConditionError(Exception):
    """The condition has no verdict: a value is missing, a comparison makes no sense."""


def evaluate(source: str, scope: Mapping[str, Any]) -> bool:
    """Decide `source` in `scope` (root names to nested JSON values); raises `ConditionError`.

    The comparison operators, `size`, `int` and indexing are those of CEL with every number a double.
    """
    try:
        tree = parse_anew(source)
    except ConditionSyntaxError as error:
        raise ConditionError(f"`{source}` is no condition: {error.message}") from None
    for node in tree.iter_subtrees():
        if node.data == "literal":
            node.children = [_as_double(token) for token in node.children]
    CELParser.CEL_PARSER = parser()  # else celpy makes its own, which it is never asked for
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


def _to_cel(value: Any) -> Any:
    if isinstance(value, bool):
        return BoolType(value)
    if isinstance(value, int) and not is_exact(value):
        return IntType(value)  # what no double holds stays what it is, and is compared with nothing
    if isinstance(value, int | float):
        return DoubleType(widened(value))
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


def _refuse_inexact(*values: Any) -> None:
    for value in values:
        if isinstance(value, IntType):
            raise TypeError(inexact(int(value)))


def _compare(symbol: str, compare: Callable[[Any, Any], bool]) -> CELFunction:
    ordered = symbol not in ("==", "!=")

    def function(left: Any, right: Any) -> Any:
        for value in (left, right):
            if isinstance(value, CELEvalError):
                return value
        kinds = (_kind(left), _kind(right))
        _refuse_inexact(left, right)
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
        _refuse_inexact(left, right)
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
    _refuse_inexact(value)
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
