"""Suggestions: the ones people need, none that mislead, always the same."""

from __future__ import annotations

import random

import pytest

from mlspec.diagnostics.nearest import nearest

KEYS = (
    *(
        "stage",
        "run",
        "call",
        "uses",
        "gate",
        "approval",
        "otherwise",
        "needs",
        "inputs",
        "outputs",
        "with",
        "resources",
    ),
    *("retry", "timeout", "cache", "when", "run_if", "matrix", "foreach", "parallel", "environment", "secrets"),
    *("description", "x-airflow"),
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("retires", "retry"),
        ("retries", "retry"),
        ("timout", "timeout"),
        ("input", "inputs"),
        ("inptus", "inputs"),
        ("enviroment", "environment"),
        ("resource", "resources"),
        ("need", "needs"),
        ("RUN", "run"),
        ("run-if", "run_if"),
        ("runif", "run_if"),
        ("x_airflow", "x-airflow"),
        ("paralel", "parallel"),
        ("env", "environment"),
        ("desc", "description"),
        ("nuses", "uses"),
    ],
)
def test_the_key_that_was_meant(written: str, meant: str) -> None:
    assert nearest(written, KEYS) == meant


@pytest.mark.parametrize("word", ["foo", "command", "image", "data", "args", "name", "if", "depends_on", "", "x", "中"])
def test_no_suggestion_rather_than_a_wrong_one(word: str) -> None:
    assert nearest(word, KEYS) is None


def test_no_candidates_no_suggestion() -> None:
    assert nearest("train", []) is None


def test_the_order_of_candidates_never_matters() -> None:
    candidates = [f"step_{number:03}" for number in range(40)]
    expected = nearest("step_01x", candidates)
    for seed in range(10):
        random.Random(seed).shuffle(candidates)
        assert nearest("step_01x", candidates) == expected
    assert nearest("bat", ["cat", "bar", "hat"]) == "bar", "the longer common beginning decides"
    assert nearest("bat", ["hat", "cat"]) == "cat", "then the alphabet"


def test_swapped_neighbours_are_one_change() -> None:
    assert nearest("mian", ["main", "mine"]) == "main"
    assert nearest("ab", ["ba"]) == "ba"
