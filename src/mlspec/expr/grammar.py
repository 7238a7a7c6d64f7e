"""The parser of conditions.

In: the CEL library's grammar file. Out: Lark's parser of it, loaded from the tables in `grammar.json` where they were made from
this very file by this very Lark, and else made anew, which takes a fifth of a second of every process that meets a condition.
Owns the tables' form; never parses. Run `make generate` when the CEL library or Lark has another version.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Token

TABLES = Path(__file__).with_name("grammar.json")


@cache
def parser() -> Lark:
    """The parser that celpy.celparser.CELParser makes, without importing celpy: its tree is what celpy evaluates."""
    text = _text()
    kept = json.loads(TABLES.read_text(encoding="utf-8"), object_hook=_with_numbers)
    return _loaded(kept) if kept["made_of"] == _made_of(text) else made(text)


def tables() -> str:
    """What `grammar.json` may hold; Lark numbers its states otherwise each time."""
    text = _text()
    file = io.BytesIO()
    made(text).save(file, exclude_options=("lexer_callbacks", "g_regex_flags"))
    return (
        json.dumps({"made_of": _made_of(text), **pickle.loads(file.getvalue())}, separators=(",", ":"), sort_keys=True) + "\n"
    )


def stale() -> bool:
    """Whether `grammar.json` was made from another grammar, or by another Lark, than those installed."""
    return bool(json.loads(TABLES.read_text(encoding="utf-8"))["made_of"] != _made_of(_text()))


def made(text: str) -> Lark:
    """The parser of a grammar, made from scratch."""
    return Lark(
        text,
        parser="lalr",
        start="expr",
        g_regex_flags=re.MULTILINE,
        lexer_callbacks={"IDENT": _boolean},
        propagate_positions=True,
        maybe_placeholders=False,
        priority="invert",
    )


def _loaded(kept: dict[str, Any]) -> Lark:
    # As the stand-alone parsers do that `lark.tools.standalone` writes; Lark.load takes no callbacks.
    parser: Lark = Lark._load_from_dict(
        kept["data"], kept["memo"], g_regex_flags=re.MULTILINE, lexer_callbacks={"IDENT": _boolean}
    )
    return parser


def _text() -> str:
    package = find_spec("celpy")
    assert package is not None and package.submodule_search_locations
    return (Path(package.submodule_search_locations[0]) / "cel.lark").read_text(encoding="utf-8")


def _made_of(text: str) -> str:
    return f"lark {lark.__version__}, {hashlib.sha256(text.encode()).hexdigest()}"


def _with_numbers(found: dict[str, Any]) -> dict[Any, Any]:
    """Lark's tables have numbers for keys, which JSON has not."""
    if not next(iter(found), "").isdecimal():
        return found
    return {int(key): value for key, value in found.items()}


def _boolean(token: Token) -> Token:
    """The grammar takes `true` and `false` for names."""
    return token.update(type="BOOL_LIT") if token.value in ("true", "false") else token
