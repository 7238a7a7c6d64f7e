"""Addresses as text: `train.metrics.auc`, `train[depth=2].model`, `train.metrics["rows__area_東京"]`.

In: the text of an address. Out: its parts, or of parts the text. Owns how a name is written that is no identifier: in brackets and
quotes, as CEL has it. Never knows what a part means. Standard library only: the step process imports it.
Change it when addresses are written otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

SELECTOR = r"""\[(?!["'])[^\[\]{}\n]*\]"""
"""Which instance of a matrix is meant."""
QUOTED = r"\[\s*(?:\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')\s*\]"
"""A name that is no identifier."""
_FIELD = rf"(?:\.[A-Za-z_][A-Za-z0-9_-]*|{QUOTED})"
ADDRESS = rf"[A-Za-z_][A-Za-z0-9_-]*(?:{SELECTOR})?{_FIELD}*"
FIELDS = rf"[A-Za-z_][A-Za-z0-9_-]*{_FIELD}+"
"""An address of at least two parts, of no single instance."""
_PARTS = re.compile(rf"\.([^.\[]*)|({QUOTED})|[^.\[]*(?:{SELECTOR})?")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LOOSE = re.compile(r"(?a:([A-Za-z_]\w*)\.([A-Za-z_]\w*))[.\[]([\w.@/%-]+(?: [\w.@/%-]+)*)\]?")


def split(address: str) -> tuple[str, ...]:
    """The names between the dots and in the quotes of an address; brackets that choose an instance part nothing."""
    if "[" not in address:
        return tuple(address.split("."))
    parts, position = [], 0
    while position < len(address):
        found = _PARTS.match(address, position)
        if found is None or found.end() == position:
            return (address,)
        name = found[0] if found[1] is None else found[1]
        parts.append(name if found[2] is None else unquoted(found[2][1:-1].strip()) or "")
        position = found.end()
    return tuple(parts)


def pieces(parts: Sequence[str]) -> list[str]:
    """What each part is written as, with its dot or its brackets."""
    return [
        part if not number else f".{part}" if _PLAIN.fullmatch(part) else f"[{json.dumps(part, ensure_ascii=False)}]"
        for number, part in enumerate(parts)
    ]


def join(parts: Sequence[str]) -> str:
    """The address that has these parts."""
    return "".join(pieces(parts))


def unquoted(literal: str) -> str | None:
    """The text that a quoted one stands for; None where it is another kind of literal than these here."""
    quote, inside = literal[:1], literal[1:-1]
    if quote not in ('"', "'") or literal[-1:] != quote or literal.startswith(quote * 3):
        return None
    if "\\" not in inside:
        return inside
    try:
        text = re.sub(r"\\'|\"", lambda found: "'" if found[0] == "\\'" else '\\"', inside) if quote == "'" else inside
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return None


def quoted_form(text: str) -> str | None:
    """How to write an address in which a name stands bare that must be quoted; None where that is not what is wrong."""
    found = _LOOSE.fullmatch(text.strip())
    return (
        None
        if found is None or _IDENTIFIER.fullmatch(found[3])
        else f"{found[1]}.{found[2]}[{json.dumps(found[3], ensure_ascii=False)}]"
    )
