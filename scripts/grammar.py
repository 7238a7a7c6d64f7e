"""Writes the tables of the parser of conditions, if they are stale: `python scripts/grammar.py`.

In: the grammar of the CEL library that is installed. Out: `src/mlspec/expr/grammar.json`. Owns when it is written, for its bytes
are never the same again; never knows their form. Change it when the tables should be elsewhere.
"""

from __future__ import annotations

from mlspec.expr.grammar import TABLES, stale, tables

if stale():
    TABLES.write_text(tables(), encoding="utf-8")
