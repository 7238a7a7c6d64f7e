"""Addresses: what their parts are, and how they are written again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.expr.addresses import ADDRESS, join, quoted_form, split
from mlspec.expr.template import placeholders

_NAMES = st.text(st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("train.metrics.auc", ("train", "metrics", "auc")),
        ("train[depth=2,loss=a.b].metrics.auc", ("train[depth=2,loss=a.b]", "metrics", "auc")),
        ('train.metrics["rows__area_東京"]', ("train", "metrics", "rows__area_東京")),
        ("train.metrics['it\\'s']", ("train", "metrics", "it's")),
        ('train[k=1].values[ "a.b" ].c["d]"]', ("train[k=1]", "values", "a.b", "c", "d]")),
    ],
)
def test_parts(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == parts
    assert re.fullmatch(ADDRESS, text)


@given(st.lists(_NAMES, max_size=3))
def test_what_is_written_is_read_again_in_placeholders_too(names: list[str]) -> None:
    parts = ("train", "metrics", *names)
    assert split(join(parts)) == parts
    [found] = placeholders(f'a "${{{{ {join(parts)} }}}}" b')
    assert split(found.address) == parts


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("train.metrics.f1 macro", 'train.metrics["f1 macro"]'),
        ("train.metrics.大阪", 'train.metrics["大阪"]'),
        ("train.metrics[f1-macro]", 'train.metrics["f1-macro"]'),
        ("train.metrics.auc", None),
        ("train.metrics.auc > 0.5", None),
        ("1 + 1", None),
    ],
)
def test_what_is_meant_by_a_bare_name(text: str, written: str | None) -> None:
    assert quoted_form(text) == written
