"""No argument list of `mlspec exec` ends in anything but an invocation or a usage error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlspec.errors import UsageError
from mlspec.invocation.arguments import to_arguments
from mlspec.invocation.parse import parse, usage

OPTIONS = sorted(word for word in usage().split() if word.startswith("--") and word != "--")
DEEP = "[" * 100_000
HUGE = "9" * 5000
FORMS = ["", "x", "x=", "=x", "x[]=", "x[]=/", "a.b=c", "s", "0", "0={}", "0=[]", "x=model", "x=values:p", "n:integer=1", "a:b"]
NUMBERS = [HUGE, f"{HUGE}d", "1e999", "1,delay=1e999", f"1,delay={HUGE}s", f"{HUGE}={{}}", "0,factor=1e400", "inf", "nan"]
JSONS = [DEEP, f"x={DEEP}", f"0={DEEP}", HUGE, f"x={HUGE}", '{"state": "FAILED"}', "{}", "[]", "null", '"x"', '{"state": {}}']

texts = st.one_of(
    st.sampled_from([*FORMS, *NUMBERS, *JSONS]),
    st.text(st.characters(), max_size=12),
    st.text(st.characters(categories=["Cs"]), max_size=4),
    st.text(st.sampled_from("\0[]{}=:,./@'\"-$ x1\udcff"), max_size=12),
)
words = st.one_of(
    st.sampled_from(OPTIONS),
    st.just("--"),
    texts,
    st.tuples(st.sampled_from(OPTIONS), texts).map("=".join),
)
REQUIRED = ["--run-id", "r", "--step", "s", "--store", "st"]


@settings(max_examples=600)
@given(st.lists(words, max_size=8), st.booleans(), st.sampled_from([[], ["--shell", "true"], ["--", "true"]]))
@example(["--retry", HUGE], True, [])
@example(["--timeout", f"{HUGE}d"], True, [])
@example(["--instance", f"{HUGE}={{}}"], True, [])
@example([f"--run-status={DEEP}", "--executor-input={}"], True, ["--shell", "true"])
@example([f"--executor-input={DEEP}"], True, ["--shell", "true"])
def test_any_list_is_an_invocation_or_a_usage_error(given_words: list[str], required: bool, body: list[str]) -> None:
    with suppress(UsageError):
        invocation = parse([*(REQUIRED if required else []), *given_words, *body])
        assert invocation.policy.timeout is None or 0 < invocation.policy.timeout < 1e10
        to_arguments(invocation)


@pytest.mark.parametrize("text", ["[]", "", "{", "null", DEEP])
def test_an_executor_input_that_is_no_object_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--executor-input"):
        parse([*REQUIRED, f"--executor-input={text}", "--shell", "true"])


@pytest.mark.parametrize(
    "words", [("--retry", HUGE), ("--retry", "1,delay=1e300"), ("--timeout", "1e300"), ("--retry", "1,factor=1e999")]
)
def test_numbers_beyond_any_clock_are_usage_errors(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=words[0]):
        parse([*REQUIRED, *words, "--shell", "true"])
