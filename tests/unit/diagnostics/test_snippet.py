"""Carets must stand under what the span names, whatever the line holds."""

from __future__ import annotations

import re

import pytest
import wcwidth
from hypothesis import example, given
from hypothesis import strategies as st

from mlspec.diagnostics import Span
from mlspec.diagnostics.printable import visible
from mlspec.diagnostics.snippet import lines_of, snippet


def cut(line: str, start: int, end: int, width: int = 100) -> tuple[str, str]:
    """The shown line and its carets; `start` and `end` count from 0."""
    found = snippet(line, Span("f", 1, start + 1, 1, end + 1), width)
    return found.source, found.carets


@pytest.mark.parametrize(
    ("line", "word", "carets"),
    [
        ("    retires: 3", "retires", "    ^^^^^^^"),
        ("说明: 训练 x", "训练", "      ^^^^"),
        ("e\u0301tat: x", "x", "      ^"),
        ("k: e\u0301", "e\u0301", "   ^"),
        ("\tkey: x", "key", "    ^^^"),
        ("a\tkey: x", "key", "    ^^^"),
        ("a: \U0001f680 b", "b", "      ^"),
        ("각: b", "b", "    ^"),
        ("\x1b[31mk: v", "k", "     ^"),
        ("\u202ekey", "key", "        ^^^"),
    ],
)
def test_carets_stand_under_the_word(line: str, word: str, carets: str) -> None:
    start = line.index(word)
    assert cut(line, start, start + len(word))[1] == carets


def test_a_span_of_no_width_gets_one_caret() -> None:
    assert cut("ab", 1, 1) == ("ab", " ^")


def test_a_span_at_the_end_of_the_line_stands_after_it() -> None:
    assert cut("ab", 2, 2) == ("ab", "  ^")
    assert cut("ab", 7, 9) == ("ab", "  ^"), "a column beyond the line is the line's end"
    assert cut("", 0, 0) == ("", "^")


def test_a_span_of_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    found = snippet("key: |", Span("f", 1, 6, 4, 3), 100)
    assert found.carets == "     ^"
    assert snippet("key: one", Span("f", 1, 6, 2, 1), 100).carets == "     ^^^"


def test_a_combining_mark_is_shown_by_the_letter_it_stands_on() -> None:
    assert cut("xe\u0301", 2, 3)[1] == " ^"


def test_a_long_line_is_cut_around_the_carets() -> None:
    line = "k: " + "x" * 300 + "BAD" + "y" * 300
    shown, carets = cut(line, 303, 306)
    assert shown.startswith("…x")
    assert shown.endswith("y…")
    assert len(shown) == 100
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "BAD"


def test_a_long_line_keeps_its_beginning_while_the_carets_are_there() -> None:
    shown, carets = cut("key: " + "x" * 300, 0, 3)
    assert shown.startswith("key: ")
    assert shown.endswith("x…")
    assert carets == "^^^"


def test_a_span_longer_than_the_width_keeps_its_beginning() -> None:
    shown, carets = cut("a" * 50 + "b" * 500, 50, 550)
    assert shown[carets.index("^")] == "b"
    assert shown[carets.index("^") - 1] == "a"
    assert len(carets) <= len(shown) <= 100


def test_megabytes_on_a_line_cost_little() -> None:
    line = "x" * 2_000_000 + "BAD" + "y" * 2_000_000
    shown, carets = cut(line, 2_000_000, 2_000_003)
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "BAD"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_lines_end_where_yaml_parsers_end_them(end: str) -> None:
    assert lines_of(f"a{end}b{end}") == ("a", "b", "")


def test_an_empty_file_has_one_line() -> None:
    assert lines_of("") == ("",)


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert visible("a\x1b\x00\x7f\x9b\u200b\u202e\u00a0\ud800é中") == "a␛␀␡<U+009B><U+200B><U+202E><U+00A0><U+D800>é中"


# Emoji sequences and conjoining jamo out of place are measured differently by every terminal; they are left out.
LETTERS = st.characters(categories=("L", "N", "P", "Sm", "Sc", "Zs", "Cc", "Cf", "Mn"), max_codepoint=0x3FFF).filter(
    lambda c: not ("\u1100" <= c <= "\u11ff" or "\ua960" <= c <= "\ud7ff")
)


@given(st.text(LETTERS, max_size=40), st.integers(0, 45), st.integers(0, 45), st.sampled_from([8, 20, 100]))
@example("中" * 30, 12, 13, 20)
@example("\t" * 30, 12, 13, 20)
def test_nothing_unsafe_is_shown_and_carets_stay_inside(line: str, start: int, length: int, width: int) -> None:
    shown, carets = cut(line, start, start + length, width)
    assert shown.isprintable()
    assert re.fullmatch(" *\\^+", carets)
    columns = wcwidth.wcswidth(shown)
    if columns >= 0 and line.isprintable():
        assert columns <= max(width, 12)
        assert len(carets) <= columns + 1
