"""Patterns as Airflow checks them: what RE2 takes passes, and what differs is left to the step processes."""

from __future__ import annotations

import re
import warnings

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from mlspec.targets.airflow.patterns import native_pattern

PIECES = [
    *("a", "b", "é", " ", "\n", "-", "]", "}", "{", ".", "^", "$", "(", ")", "(?:", "|", "*", "+", "?", "*?", "{2}", "{1,}", "{,2}"),
    *("[a-c]", "[^a]", "[^]]", "[b-]", r"[\d-]", r"[\w\s]", "[[:alpha:]]", "[a||b]", r"\d", r"\W", r"\s", r"\.", r"\b", r"\pL", r"\z"),
    *("(?i)", "(?P<x>", r"\Qa.\E"),
]  # fmt: skip
TEXTS = ["", "a", "b", "aa", "aab", "é", "1", "a1", "\n", "a\n", " ", "A", "_", "٣", "-", "]", "}", "{", "a.", "{,2}"]


@pytest.mark.parametrize(
    ("pattern", "native"),
    [
        ("[a-z]+|b", "^(?:[a-z]+|b)$"),
        ("(?i)[A-Z]+", "(?i)^(?:[A-Z]+)$"),
        (r"\d{2}-[\w.]+", r"^(?:[0-9]{2}-[0-9A-Za-z_.]+)$"),
        ("[[:alpha:]]+", None),
        (r"\pL", None),
        (r"a\z", None),
        ("a{,3}", None),
        ("^*a", None),
    ],
)
def test_some(pattern: str, native: str | None) -> None:
    assert native_pattern(pattern) == native


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_it_takes_what_re2_takes(pattern: str) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error:
        return
    native = native_pattern(pattern)
    if native is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        python = re.compile(native)
    for text in TEXTS:
        found = python.search(text) is not None
        assert found or compiled.fullmatch(text) is None
        assert not found or compiled.fullmatch(text) is not None or text.endswith("\n") or "(?i)" in pattern
