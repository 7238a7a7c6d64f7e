from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec.targets.airflow.literals import WIDTH, block, depth, literal, string, visible

TEXT = st.text(st.one_of(st.characters(), st.sampled_from("\"'\\\n\t {}%#rn\u2028\u200b\x85")), max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


def formatted(source: str) -> str:
    command = [str(Path(sys.executable).with_name("ruff")), "format", "--isolated", "--line-length", str(WIDTH), "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True, check=True).stdout.decode()


@given(TEXT)
def test_a_string_keeps_its_value_on_one_visible_line(text: str) -> None:
    source = string(text)
    assert ast.literal_eval(source) == text
    assert len(source.splitlines()) == 1


@given(TEXT)
def test_a_block_keeps_its_value(text: str) -> None:
    assert ast.literal_eval(block(text)) == text


def test_a_block_shows_lines_as_they_are() -> None:
    script = 'python -m train \\\n  --data "$X"\n'
    assert block(script) == f'r"""{script}"""'
    assert block("a\nb\n") == '"""a\nb\n"""'


@pytest.mark.parametrize("text", ['a\n"""', 'a\nb"', "a\nb\\", "a\n\tb", "a\r\nb", "a\n\u202eb", "one line", "one line\n"])
def test_a_block_that_cannot_be_shown_is_one_escaped_line(text: str) -> None:
    assert block(text) == string(text)


@given(JSON)
def test_a_literal_keeps_its_value_and_its_types(value: Any) -> None:
    read = ast.literal_eval(literal(value))
    assert read == value
    assert repr(read) == repr(value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(JSON, max_size=8), st.lists(TEXT, max_size=8))
def test_the_formatter_has_nothing_to_change(values: list[Any], texts: list[str]) -> None:
    rows = [f"        {literal(value, 2, 8, 1)},\n" for value in values]
    rows += [f"        {string(text)},\n        {block(text)},\n" for text in texts]
    source = f"with x:\n    call(\n{''.join(rows)}        end,\n    )\n"
    assert formatted(source) == source


@given(st.text())
def test_a_comment_stays_one_line(text: str) -> None:
    assert len(ast.parse(f"# {visible(text)}\n1").body) == 1


def test_depth_counts_containers() -> None:
    assert [depth(value) for value in (1, [], [1], {"a": [1]}, [[], {"b": {}}])] == [0, 1, 1, 2, 3]
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert depth(deep) == 10_001
