"""Addresses with brackets, and conditions with such addresses in them."""

from __future__ import annotations

import pytest

from mlspec.expr.addresses import split
from mlspec.expr.instances import chosen, in_condition, in_template, stood_in


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("train.model", ("train", "model")),
        ("train[rate=0.5].metrics.auc", ("train[rate=0.5]", "metrics", "auc")),
        ("train[a=x.y,b=1]", ("train[a=x.y,b=1]",)),
        ("item", ("item",)),
        ("", ("",)),
    ],
)
def test_dots_in_brackets_part_nothing(address: str, parts: tuple[str, ...]) -> None:
    assert split(address) == parts


def test_what_brackets_choose() -> None:
    assert chosen("train") == ("train", None)
    assert chosen("train[ loss = a b ,depth=2]") == ("train", {"loss": "a b", "depth": "2"})
    assert chosen("train[x=a=b]") == ("train", {"x": "a=b"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("train[d=2].m.x > 1", "T.m.x > 1"),
        ("train.m.x[0] > 1 && scores[i == 1]", "train.m.x[0] > 1 && scores[i == 1]"),
        ("'train[d=2]' == \"train[d=2]\"", "'train[d=2]' == \"train[d=2]\""),
        ("x == 'it\\'s' && train[d=it's].m.x > 1", "x == 'it\\'s' && T.m.x > 1"),
        ("a.train[d=2].m.x > 1", "a.train[d=2].m.x > 1"),
    ],
)
def test_conditions(text: str, wanted: str) -> None:
    assert in_condition(text, lambda _: "T") == wanted


def test_names_that_stand_in_keep_every_place() -> None:
    text = "train[d=2].m.x > train[d=4].m.x && train[d=2].m.y > 0"
    replaced, names = stood_in(text)
    assert len(replaced) == len(text)
    assert sorted(names.values()) == ["train[d=2]", "train[d=4]"]
    assert replaced.index(".m.y") == text.index(".m.y")


def test_templates() -> None:
    text = "${{ train[d=2].m.x }} $${{ train[d=2].m.x }} train[d=2].m.x ${{ params.x }}"
    assert in_template(text, lambda _: "T") == "${{ T.m.x }} $${{ train[d=2].m.x }} train[d=2].m.x ${{ params.x }}"
