"""YAML text for one string, wherever generated files hold YAML.

In: a string. Out: a scalar on one line that readers of YAML 1.1 and 1.2 turn back into the same string.
Owns the choice of quotes, which is PyYAML's own but for words that only some readers take for something else; never
builds a document. Change it when a reader disagrees with what is written here.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
"""YAML 1.1 takes most of these for booleans, in any case; PyYAML lets `y` and `n` pass, where others do not."""


def scalar(text: str) -> str:
    """Write a string as the value behind `key: ` or `- `, or as a key."""
    if _NAME.fullmatch(text) and text.lower() not in _WORDS:
        return text
    import yaml

    if text.lower() in _WORDS:
        return f'"{text}"'
    for style in (None, '"'):
        line: str = yaml.safe_dump(text, default_style=style, allow_unicode=True, width=float("inf"))
        line = line.removesuffix("...\n").removesuffix("\n")
        if "\n" not in line:
            return line
    raise AssertionError("a double-quoted scalar has one line")
