"""Python source text for values, laid out as the formatter would.

In: JSON values. Out: Python expressions that evaluate to exactly these values, stable under `ruff format`.
Owns all escaping into Python; never knows what an expression is for.
Change it when the formatter's taste changes or a value comes out wrong.
"""

from __future__ import annotations

import re
from math import isfinite

from mlspec.terms import Json

WIDTH = 88
"""The line length formatters have by default. What breaks before it has a trailing comma, which keeps it broken."""

INDENT = "    "

_INVISIBLE = re.compile(
    # Fixed ranges rather than `str.isprintable`, whose answer depends on the version of Python that compiles:
    # controls, soft hyphen, zero-width, separators, direction marks, surrogates, private use, non-characters and tags.
    "[\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uff00\ufff0-\uffff\U000e0000-\U0010ffff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def string(text: str) -> str:
    """A string literal on one line, quoted as formatters quote: double unless that takes more escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return f"{quote}{visible(escaped)}{quote}"


def jinja_string(text: str) -> str:
    """A string literal inside a Jinja template."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def untemplated(text: str) -> str:
    """A Jinja template that is rendered as `text`."""
    return f"{{{{ {jinja_string(text)} }}}}" if re.search("[{][{%#]", text) or text.endswith("\n") else text


def block(text: str) -> str:
    """A string literal that keeps the lines of `text` where they can be shown as they are; else `string`."""
    plain = not _INVISIBLE.search(text.replace("\n", ""))
    if "\n" not in text.rstrip("\n") or not plain or '"""' in text or text.endswith(('"', "\\")):
        return string(text)
    prefix = "r" if "\\" in text else ""
    return f'{prefix}"""{text}"""'


def doc(text: str) -> str:
    """The source of a documentation text."""
    # Airflow reads documentation that ends in `.md` from a file of that name.
    return block(text + "\n" if text.endswith(".md") else text)


def visible(text: str) -> str:
    r"""`text` with every invisible character as an escape: one line, safe in a comment too."""
    return _INVISIBLE.sub(_escape, text)


def literal(value: Json, indent: int = 0, before: int = 0, after: int = 0) -> str:
    """An expression for a JSON value that starts `before` characters into a line `indent` levels deep.

    `after` characters follow on its last line. Nesting is bounded by `check`, so recursion is.
    """
    flat = _flat(value)
    if not isinstance(value, list | dict) or not value or fits(flat, before, after):
        return flat
    inner = INDENT * (indent + 1)
    if isinstance(value, list):
        rows = [f"{inner}{literal(item, indent + 1, len(inner), 1)},\n" for item in value]
        return "[\n" + "".join(rows) + INDENT * indent + "]"
    rows = []
    for key, item in value.items():
        start = f"{inner}{string(key)}: "
        taken = len(start) if start.isascii() else WIDTH
        rows.append(f"{start}{literal(item, indent + 1, taken, 1)},\n")
    return "{\n" + "".join(rows) + INDENT * indent + "}"


def listed(names: list[str], indent: int = 0, after: int = 0) -> str:
    """An expression for variables: a list where there are several, with a line for each where they are too long for one.

    It starts a line `indent` levels deep, and `after` characters follow on its last line.
    """
    if len(names) < 2:
        return "".join(names)
    line = f"[{', '.join(names)}]"
    if fits(line, len(INDENT) * indent, after):
        return line
    return "[\n" + "".join(f"{INDENT * (indent + 1)}{name},\n" for name in names) + f"{INDENT * indent}]"


def fits(text: str, before: int = 0, after: int = 0) -> bool:
    """Tell whether `text` fits into the line for certain: not when it is wider than ASCII, where formatters differ."""
    return text.isascii() and "\n" not in text and before + len(text) + after <= WIDTH


def depth(value: Json) -> int:
    """How many lists and mappings stand inside each other; without recursion, for any value."""
    deepest, level, layer = 0, 0, [value]
    while layer:
        containers = [item for item in layer if isinstance(item, list | dict)]
        level += 1 if containers else 0
        deepest = max(deepest, level)
        layer = [inner for item in containers for inner in (item.values() if isinstance(item, dict) else item)]
    return deepest


def _flat(value: Json) -> str:
    match value:
        case str():
            return string(value)
        case float():
            return repr(value).replace("e+", "e") if isfinite(value) else f'float("{value}")'
        case list():
            return "[" + ", ".join(map(_flat, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{string(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    return repr(value)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
