"""What a parameter's limits say of values and of their texts, and how they travel."""

from __future__ import annotations

from typing import Any

import pytest

from mlspec.expr.limits import Limits, ParameterError, limits_from_text, limits_text, value_of, violation

WHOLE = Limits("integer")
NUMBER = Limits("number", 0.5, 1)


@pytest.mark.parametrize(
    ("limits", "text", "value"),
    [
        (WHOLE, "-7", -7),
        (WHOLE, "2.0", 2),
        (WHOLE, "-0.0", 0),
        (WHOLE, "9007199254740991", 2**53 - 1),
        (Limits("number"), "1000000000000000000", 1e18),
        (Limits("number"), "-0.0", 0),
        (Limits("number", -1.5), "-1.5", -1.5),
        (Limits("string"), "", ""),
        (Limits("string", pattern="(é|漢)+"), "é漢", "é漢"),
        (Limits("string", pattern=r"\d+"), "12", "12"),
        (Limits("string", pattern="a|b"), "b", "b"),
        (Limits("string", enum=("$(PATH)", "$$")), "$$", "$$"),
        (Limits("list", enum=([1, {"b": 1, "a": 2}],)), '[1.0, {"a": 2, "b": 1}]', [1, {"a": 2, "b": 1}]),
        (Limits("object"), "{}", {}),
        (Limits("boolean", enum=(True,)), "true", True),
    ],
)
def test_what_a_text_is_read_as(limits: Limits, text: str, value: Any) -> None:
    found = value_of("p", limits, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("limits", "text", "words"),
    [
        (WHOLE, "7.5", "'7.5' is not an integer; write a whole number, such as 7"),
        (WHOLE, "", "'' is not an integer"),
        (WHOLE, "true", "'true' is not an integer"),
        (WHOLE, "9007199254740992", "9007199254740992 is beyond 9007199254740991"),
        (WHOLE, "9" * 5000, "is not an integer"),
        (Limits("number"), "NaN", "'NaN' is not a number"),
        (Limits("number"), "1e400", "1e400 is kept by no double"),
        (Limits("number"), "9007199254740993", "9007199254740993 is kept by no double"),
        (Limits("list"), "[-9007199254740993]", "-9007199254740993 is kept by no double"),
        (Limits("list"), "[" * 100_000, "is nested too deeply; write JSON"),
        (NUMBER, "0.2", "0.2 is below its minimum 0.5"),
        (NUMBER, "1.5", "1.5 is above its maximum 1"),
        (Limits("integer", maximum=1_000_001), "1000002", "1000002 is above its maximum 1000001"),
        (Limits("string", pattern="[a-z]+"), "ab\n", r'"ab\n" does not match its pattern `[a-z]+`'),
        (Limits("string", pattern=r"\d+"), "٣", '"٣" does not match its pattern'),
        (Limits("string", pattern="a|b"), "ab", '"ab" does not match'),
        (Limits("string", enum=("a", "")), " ", '" " is none of "a", ""'),
        (Limits("list", enum=([True],)), "[1]", "[1] is none of [true]"),
        (Limits("boolean"), "True", "'True' is not a boolean; write true or false"),
        (Limits("object"), "[]", "'[]' is not an object"),
    ],
)  # fmt: skip
def test_what_a_text_breaks(limits: Limits, text: str, words: str) -> None:
    with pytest.raises(ParameterError) as raised:
        value_of("p", limits, text)
    assert str(raised.value).startswith("parameter p: ")
    assert words in str(raised.value)


def test_a_value_that_is_no_json_number() -> None:
    assert violation(Limits("number"), float("nan")) == "'NaN' is not a number"


@pytest.mark.parametrize(
    "limits",
    [
        WHOLE,
        NUMBER,
        Limits("string", enum=("a", 'b"$('), pattern="a$"),
        Limits("list", enum=([1.5], [])),
        Limits("number", -1e300, 2.5),
    ],
)
def test_limits_travel_as_text(limits: Limits) -> None:
    assert limits_from_text(limits_text([("p", limits), ("q", WHOLE)])) == {"p": limits, "q": WHOLE}


def test_the_text_says_no_more_than_there_is() -> None:
    assert limits_text([("p", NUMBER), ("q", WHOLE)]) == (
        '{"p":{"type":"number","minimum":0.5,"maximum":1},"q":{"type":"integer"}}'
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"p": 1}', '{"p": {}}', '{"p": {"type": "text"}}', '{"p": {"type": "integer", "minimum": true}}',
     '{"p": {"type": "integer", "least": 1}}', '{"p": {"type": "string", "enum": "a"}}'],
)  # fmt: skip
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        limits_from_text(text)
