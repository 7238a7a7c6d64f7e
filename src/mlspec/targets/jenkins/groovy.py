"""Text as Groovy: literals that evaluate to exactly that text, and comments that nothing can leave.

In: any text. Out: Groovy source. Owns all escaping for this target; never knows a step or a shell.
Groovy 2.4 decodes `\\uXXXX` before it splits a file into tokens, comments included, as Java does: no backslash may
reach a comment. Change it when the Groovy that controllers embed changes.
"""

from __future__ import annotations

import re

from mlspec.terms import Json

LITERAL_LIMIT = 65_535
"""Bytes of a string constant in a class file, in Java's modified UTF-8."""

_NAMED = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_QUOTES_TO_ESCAPE = re.compile(r"'{3,}|'+\Z")
_PERHAPS_TO_ESCAPE = re.compile(r"[^\x20-\x7e\n\t]|\\")
"""In a literal that keeps its lines; most text has none, and `_visible` knows better."""
_UNSPEAKABLE = re.compile("[\x00\uffff\ud800-\udfff]")


def literal(text: str) -> str:
    """Return `text` as a single-quoted string literal: no interpolation, one line."""
    if not text.isprintable() or "'" in text or "\\" in text:
        text = "".join(_NAMED.get(character) or _visible(character) for character in text)
    return f"'{text}'"


def block(text: str) -> str:
    """Return `text` as a literal that keeps its lines, where it has several; otherwise as `literal`."""
    if "\n" not in text:
        return literal(text)
    text = _PERHAPS_TO_ESCAPE.sub(lambda found: _NAMED.get(found[0]) or _visible(found[0]), text)
    text = _QUOTES_TO_ESCAPE.sub(lambda quotes: "\\'" * len(quotes[0]), text)
    return f"'''\\\n{text}'''"


def in_text(text: str) -> str:
    """Return `text` as it stands within a text in double quotes, in which Groovy expands nothing of it."""
    return re.sub(r'[\\"$]', r"\\\g<0>", text)


def expression(value: Json) -> str:
    """Return a JSON value as an expression; nesting is bounded by the reader, so recursion is."""
    if isinstance(value, dict):
        return "[" + (", ".join(f"{_key(key)}: {expression(item)}" for key, item in value.items()) or ":") + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(expression, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return str(value)
    return block(str(value))


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) else literal(name)


def comment(text: str) -> str:
    """Return `text` as one line that may follow `// `: control characters are gone, backslashes are slashes."""
    line = " ".join(text.replace("\\", "/").split())
    return "".join(character for character in line if character.isprintable())


def unspeakable(text: str) -> str | None:
    """Say why no Groovy literal or argument of a command holds `text`; None when one does.

    NUL ends a word of a command, U+FFFF is the end of the file to Groovy's lexer, a lone surrogate is no text at all.
    """
    if found := _UNSPEAKABLE.search(text):
        return f"it holds the character U+{ord(found[0]):04X}"
    if (size := modified_utf8(text)) > LITERAL_LIMIT:
        return f"it is {size:,} bytes long, and a Groovy string holds at most {LITERAL_LIMIT:,}"
    return None


def modified_utf8(text: str) -> int:
    """Count the bytes of `text` in a class file: as UTF-8, but six for a character beyond the first plane."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogatepass")) + 2 * sum(character > "\uffff" for character in text)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
