"""The parser of conditions that is loaded is the one that would be made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lark import Lark, Token

from mlspec.expr import grammar

CONDITIONS = [
    "train.metrics.auc >= params.min_auc",
    "a.b < 2 && true || !(size(x.y) == 1)",
    "a['b'] in [1, 2u, 0x3] ? b'x' : {\"a\": 1.5}.a",
    'has(a.b) && a.all(x, x > -1e3) // as CEL has it\n&& """x\ny""" == r"\\"',
]


def tokens(parser: Lark, condition: str) -> list[tuple[str, str, int | None, int | None]]:
    found = parser.parse(condition).scan_values(lambda value: isinstance(value, Token))
    return [(token, token.type, token.start_pos, token.end_pos) for token in found]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_loaded_parser_makes_the_trees_of_a_new_one(condition: str) -> None:
    new = grammar.made(grammar._text())
    assert grammar.parser().parse(condition) == new.parse(condition)
    assert tokens(grammar.parser(), condition) == tokens(new, condition)


def test_the_tables_are_those_of_the_installed_grammar() -> None:
    """`make generate` writes them anew."""
    kept, new = json.loads(grammar.TABLES.read_text(encoding="utf-8")), json.loads(grammar.tables())
    assert not grammar.stale()
    assert sorted(kept["data"]["parser"]["parser"]["tokens"].values()) == sorted(
        new["data"]["parser"]["parser"]["tokens"].values()
    )


def test_tables_of_another_grammar_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "grammar.json"
    other.write_text('{"made_of": "lark 0, another"}')
    monkeypatch.setattr(grammar, "TABLES", other)
    assert grammar.parser.__wrapped__().parse("a.b < 2") == grammar.parser().parse("a.b < 2")
