"""Conditions: parsed with positions, decided with every number a double, typed as far as is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
from celpy.celparser import CELParser

from mlspec.expr.bounds import bounds, reads_nothing
from mlspec.expr.cel import ConditionError, evaluate
from mlspec.expr.checker import Type, check
from mlspec.expr.syntax import MAX_LENGTH, ConditionSyntaxError, double_of, parse, parse_anew

SCOPE: dict[str, Any] = {
    "train": {
        "metrics": {"auc": 0.8, "n": 3, "bad": math.nan},
        "info": {"names": ["a", "b"], "none": None, "nested": {"x": 1}},
    },
    "params": {"min_auc": 0.75, "name": "log", "on": True, "huge": 10**400, "odd": 2**53 + 1},
}


@pytest.mark.parametrize(
    "condition",
    [
        "train.metrics.auc >= params.min_auc", "train.metrics.n == 3", "train.metrics.n == 3.0", "3 / 2 == 1.5", "7 % 4 == 3", "-1 < 0",
        "1 < 2 && 2 < 3 || false", "!(1 > 2)", "params.on", "params.name == 'log'", 'params.name.startsWith("l")', "size(params.name) == 3",
        "'a' in train.info.names", "train.info.names[1] == 'b'", "train.info.names.all(x, size(x) == 1)", "has(train.metrics.auc)",
        "!has(train.metrics.nope)", "train.info.none == null", "train.info.nested.x == 1", "params.on ? true : false", "int(2.9) == 2",
        "0x10 == 16", "1u == 1", "1e400 > 1", "params.huge > 1e308", "'a' + 'b' == 'ab'", "[1, 2] == [1, 2]", "007 == 7",
        "train.metrics.bad > 0 || true",
    ],
)  # fmt: skip
def test_what_holds(condition: str) -> None:
    assert evaluate(condition, SCOPE) is True


@pytest.mark.parametrize(
    "condition", ["1 > 2", "!params.on", "params.name == 'LOG'", "train.metrics.n != 3", "1 == 1 && 'a' == 'b'"]
)
def test_what_does_not(condition: str) -> None:
    assert evaluate(condition, SCOPE) is False


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("train.metrics.nope > 0", "nope"),
        ("nope.metrics.auc > 0", "nope"),
        ("train.metrics.bad > 0", "NaN > …"),
        ("0 == train.metrics.bad", "… == NaN"),
        ("params.name > 0", "a string > a number"),
        ("params.on == 1", "a boolean == a number"),
        ("train.metrics.auc", "neither true nor false"),
        ("1 / 0 > 1", "cannot be decided"),
        ("train.info.names[5] == 'a'", "there is no element"),
        ("train.info.names > 1", "a list > a number"),
        ("1 >", "is no condition"),
        ("params.odd == 9007199254740992", "9007199254740993 is beyond 2^53 and no double"),
        ("int(params.odd) > 0", "9007199254740993 is beyond 2^53 and no double"),
        ("params.odd - 1 > 0", "9007199254740993 is beyond 2^53 and no double"),
    ],
)
def test_what_cannot_be_decided_says_why(condition: str, reason: str) -> None:
    with pytest.raises(ConditionError) as caught:
        evaluate(condition, SCOPE)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "offset"),
    [
        ("", 0),
        ("  ", 0),
        ("a >", 3),
        ("a = b", 2),
        ("a and b", 2),
        ("(a", 2),
        ("a > > b", 4),
        ("'a", 0),
        ("a..b", 2),
        ("é > 1", 0),
    ],
)
def test_a_syntax_error_knows_where(condition: str, offset: int) -> None:
    with pytest.raises(ConditionSyntaxError) as caught:
        parse_anew(condition)
    assert caught.value.offset == offset


def test_long_and_deep_conditions_are_refused() -> None:
    with pytest.raises(ConditionSyntaxError, match="4001 characters"):
        parse_anew("a" * (MAX_LENGTH + 1))
    with pytest.raises(ConditionSyntaxError, match="too deeply"):
        parse_anew("(" * 200 + "a" + ")" * 200)
    assert evaluate("(" * 20 + "true" + ")" * 20, {})


@pytest.mark.parametrize(
    "condition",
    ["true", "!a.b && c", "a.b(c) ? [1, 2u] : {'k': -1}", ".a == b[0].c", "x.all(y, y > 1e3)", 'r"\\d" == b"a"', "has(a.b)"],
)
def test_the_tree_is_the_one_that_the_library_makes(condition: str) -> None:
    assert parse_anew(condition) == CELParser().parse(condition)


def test_a_condition_is_parsed_once_and_left_alone_by_who_decides_it() -> None:
    condition = "1 < 2"
    tree = parse(condition)
    assert evaluate(condition, {})
    assert parse(condition) is tree
    assert [str(token) for token in tree.scan_values(lambda value: True)] == ["1", "2"]


@pytest.mark.parametrize(
    ("literal", "value"),
    [("1", 1), ("-7", -7), ("0x1F", 31), ("-0x1F", -31), ("5u", 5), ("0x5U", 5), ("1.5e3", 1500), ("9" * 400, math.inf)],
)
def test_numbers(literal: str, value: float) -> None:
    assert double_of(literal) == value


# Types.

TYPES: dict[str, Type] = {"n": "number", "s": "string", "b": "boolean", "l": "list", "o": "object", "z": "null"}


def problems(condition: str) -> list[tuple[str, str]]:
    found = check(parse_anew(condition), lambda parts, start, end: TYPES.get(parts[0], "any"))
    return [(problem.message, condition[problem.start : problem.end]) for problem in found]


@pytest.mark.parametrize(
    "condition",
    ["n > 1", "s == 'a'", "b && n < 2", "x > 1", "x.y", "n + 1 > 2", "s + 'a' == 'b'", "l + l == l", "'a' in l", "z == n", "b ? b : b",
     "l.exists(i, i > 1)", "size(l) > 1", "has(o.x)", "-n < 1", "n > 1 ? b : x"],
)  # fmt: skip
def test_what_fits(condition: str) -> None:
    assert problems(condition) == []


@pytest.mark.parametrize(
    ("condition", "message", "words"),
    [
        ("n", "the condition is a number; it must be true or false", "n"),
        ("n > 'a'", "a number cannot be compared with a string", "n > 'a'"),
        ("b && n", "`&&` needs a boolean here, not a number", "n"),
        ("!n", "`!` needs a boolean here, not a number", "n"),
        ("-s < 1", "`-` needs a number here, not a string", "s"),
        ("l > l", "`>` cannot order a list", "l > l"),
        ("1 in n", "`in` needs a list or an object on its right, not a number", "1 in n"),
        ("s - 1 > 1", "`-` cannot take a string", "s - 1"),
        ("s + 1 == s", "`+` cannot take a string and a number", "s + 1"),
        ("n ? b : b", "`?` needs a boolean here, not a number", "n"),
        ("sizeof(l) > 1", "there is no function `sizeof`", "sizeof"),
    ],
)
def test_what_does_not_fit_is_said_where_it_stands(condition: str, message: str, words: str) -> None:
    assert problems(condition) == [(message, words)]


# Bounds.


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a.b > 1", [("a.b", 1, math.inf, True, False)]),
        ("a.b >= 1", [("a.b", 1, math.inf, False, False)]),
        ("1 > a.b", [("a.b", -math.inf, 1, False, True)]),
        ("a == -2", [("a", -2, -2, False, False)]),
        ("a > 1 && b.c <= 0x10", [("a", 1, math.inf, True, False), ("b.c", -math.inf, 16, False, False)]),
        ("a > 1 || b > 2", []),
        ("a > b", []),
        ("a != 1", []),
        ("!(a > 1)", []),
        ("a >", []),
    ],
)
def test_bounds(condition: str, expected: list[tuple[Any, ...]]) -> None:
    found = bounds(condition)
    assert [(bound.address, bound.low, bound.high, bound.low_open, bound.high_open) for bound in found] == expected


@pytest.mark.parametrize(
    ("first", "second", "empty"),
    [
        ("a > 1", "a < 1", True),
        ("a >= 1", "a <= 1", False),
        ("a > 1", "a <= 1", True),
        ("a == 1", "a == 2", True),
        ("a > 1", "a < 2", False),
    ],
)
def test_two_bounds_leave_nothing_or_something(first: str, second: str, empty: bool) -> None:
    (one,), (other,) = bounds(first), bounds(second)
    assert one.narrowed(other).empty is empty


@pytest.mark.parametrize(
    ("condition", "nothing"),
    [("1 > 2", True), ("true", True), ("a > 1", False), ("size('a') > 1", False), ("'a'.matches('a')", False), ("1 >", False)],
)
def test_only_what_names_nothing_and_calls_nothing_is_decided_early(condition: str, nothing: bool) -> None:
    assert reads_nothing(condition) is nothing


def test_a_step_named_like_a_literal_cannot_be_read() -> None:
    (found,) = problems("null.metrics.auc > 1")
    assert found[1] == "null" and "cannot be called null, true or false" in found[0]
    assert problems("true.m.x") != []


@pytest.mark.parametrize(
    ("literal", "exact"),
    [("9007199254740993", False), ("-9007199254740993", False), ("0x20000000000001", False), ("9007199254740993u", False),
     ("9007199254740992", True), ("18014398509481984", True), ("9007199254740993.0", True), ("007", True), ("1" + "0" * 400, True),
     ("0" * 3900 + "7", True), ("0x0", True), ("-0", True), ("9" * 30, True)],
)  # fmt: skip
def test_a_number_that_no_double_holds_is_found_where_it_stands(literal: str, exact: bool) -> None:
    found = check(parse(f"1 < {literal}"), lambda *_: "any")
    assert [problem.message.partition(" is")[0].strip("-`") for problem in found] == ([] if exact else [literal.lstrip("-")])
