"""What a plain YAML scalar is, by YAML 1.2's core schema (yaml.org/spec/1.2.2, section 10.3.2).

In: text. Out: None, bool, int, float or the text. `no`, `on` and `1:30` are strings, `0777` is 777.
Owns nothing else. Change it never.
"""

from __future__ import annotations

import re

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAN = frozenset((".nan", ".NaN", ".NAN"))
_NUMERIC_START = frozenset("0123456789+-.")

MAX_DIGITS = 400
"""Longer numbers stay text: no double and no 64-bit integer needs them, and reading them takes quadratic time."""


def resolve(text: str) -> bool | int | float | str | None:
    """Return the value of a plain scalar."""
    if not text or text[0] not in _NUMERIC_START:
        return None if text in _NULL else _BOOL.get(text, text)
    if len(text) > MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INF.fullmatch(text):
        return float(f"{infinite[1]}inf")
    return float("nan") if text in _NAN else text
