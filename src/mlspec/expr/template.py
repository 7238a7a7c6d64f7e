"""`${{ … }}` templates: text with addresses of values in it.

In: a string of the spec. Out: its literal parts and placeholders, each with offsets into the string; or the string with
values in their place. Owns the placeholder syntax; never resolves an address itself. Standard library only: the step process
imports it. Change it when the syntax of `${{ }}` changes.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mlspec.expr.values import as_text

MAX_PARTS = 10_000
_TOKEN = re.compile(r"\$\$\{\{|\$\{\{")
_ADDRESS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")


class Placeholder(NamedTuple):
    """One `${{ … }}`: the address inside, and where both are in the string (end exclusive)."""

    address: str
    start: int
    end: int
    address_start: int


class TemplateError(Exception):
    """A malformed placeholder at `start:end` of the string."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def parse(text: str) -> list[str | Placeholder]:
    """Split `text` into literal text (with `$${{` read as `${{`) and placeholders; raises `TemplateError`."""
    parts: list[str | Placeholder] = []
    position = 0
    while (token := _TOKEN.search(text, position)) is not None:
        if token.start() > position:
            parts.append(text[position : token.start()])
        if token[0] == "$${{":
            parts.append("${{")
            position = token.end()
            continue
        end = text.find("}}", token.end())
        if end < 0:
            raise TemplateError("`${{` without `}}`", token.start(), len(text))
        if len(parts) > MAX_PARTS:
            raise TemplateError("a text with thousands of placeholders: read a file instead", token.start(), end + 2)
        parts.append(_placeholder(text, token.start(), token.end(), end))
        position = end + 2
    if position < len(text):
        parts.append(text[position:])
    return parts


def placeholders(text: str) -> list[Placeholder]:
    """Return the placeholders of `text` alone; raises `TemplateError`."""
    return [part for part in parse(text) if isinstance(part, Placeholder)] if "${{" in text else []


def render(text: str, resolve: Callable[[str], Any]) -> Any:
    """Put values in the place of addresses. A text that is one placeholder keeps the value's type.

    `resolve` turns an address into a value and raises what it likes.
    """
    if "${{" not in text:
        return text
    parts = parse(text)
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        return resolve(parts[0].address)
    return "".join(part if isinstance(part, str) else as_text(resolve(part.address)) for part in parts)


def render_tree(value: Any, resolve: Callable[[str], Any]) -> Any:
    """Render every string of a JSON value. Keys stay as they are."""
    if isinstance(value, str):
        return render(value, resolve)
    if isinstance(value, list):
        return [render_tree(item, resolve) for item in value]
    if isinstance(value, dict):
        return {key: render_tree(item, resolve) for key, item in value.items()}
    return value


def _placeholder(text: str, start: int, inside: int, end: int) -> Placeholder:
    address = text[inside:end].strip()
    address_start = inside + len(text[inside:end]) - len(text[inside:end].lstrip())
    if not address:
        raise TemplateError("an empty placeholder", start, end + 2)
    if not _ADDRESS.fullmatch(address):
        raise TemplateError(
            f"`{address}` is no address: a placeholder holds one address such as `params.seed`, and no expression",
            address_start,
            address_start + len(address),
        )
    return Placeholder(address, start, end + 2, address_start)
