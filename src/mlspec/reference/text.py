"""A key of the language for a terminal: what `mlspec explain steps.retry` prints.

In: the language, a key, the targets. Out: text. Owns its layout; never what is said.
Change it when the page in a terminal should look different.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mlspec.ir.features import Feature
from mlspec.reference.keys import Language, default_text
from mlspec.reference.model import Key
from mlspec.targets.base import Target, support

_WIDTH = 100
_LONGEST = 40
"""Of a type in a list of keys."""


def text(language: Language, key: Key, targets: Mapping[str, Target]) -> str:
    """What the key is, its keys, an example, and what each target makes of it."""
    parts = ["\n".join([key.path, *_wrapped(key.description, "  "), *_facts(key)])]
    if key.meanings:
        parts.append(_block("values", _table(list(key.meanings.items()))))
    if inner := language.below(key):
        rows = [(each.name, _short(each), each.description) for each in inner]
        parts.append(_block("keys", _table(rows)))
    if key.placed:
        parts.append(_block("example", "\n\n".join(key.placed).split("\n")))
    return "\n\n".join([*parts, *answers(key.features, targets)])


def answers(features: Iterable[Feature], targets: Mapping[str, Target]) -> Iterator[str]:
    """What the targets make of features, a block each."""
    for feature in features:
        supports = {name: support(target, feature) for name, target in targets.items()}
        rows = [(name, answer.kind, answer.how) for name, answer in supports.items()]
        yield _block(f"on targets: {feature.title.replace('`', '')}", _table(rows))


def _facts(key: Key) -> Iterator[str]:
    yield f"  type: {key.type.replace('`', '')}"
    if key.required:
        yield "  required"
    elif default := default_text(key):
        yield f"  default: {default}"


def _short(key: Key) -> str:
    kind = key.type.replace("`", "")
    kind = kind if len(kind) <= _LONGEST else kind[: _LONGEST - 1] + "…"
    return f"{kind}, required" if key.required else f"{kind} = {default}" if (default := default_text(key)) else kind


def _block(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"  {line}".rstrip() for line in lines)])


def _wrapped(text: str, indent: str = "") -> list[str]:
    return [indent + line for line in textwrap.wrap(text, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)]


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows in columns; the last column is wrapped below itself."""
    widths = [max(len(row[column]) for row in rows) + 2 for column in range(len(rows[0]) - 1)]
    indent = sum(widths)
    lines: list[str] = []
    for row in rows:
        head = "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        wrapped = textwrap.wrap(row[-1], max(40, _WIDTH - indent), break_long_words=False, break_on_hyphens=False) or [""]
        lines += [head + wrapped[0], *(" " * indent + line for line in wrapped[1:])]
    return lines
