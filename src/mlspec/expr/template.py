"""`${{ … }}` templates: text with addresses of values in it.

In: a string of the spec. Out: its literal parts and placeholders, each with offsets into the string; or the string with
values in their place. Owns the placeholder syntax; never resolves an address itself. Standard library only: the step process
imports it. Change it when the syntax of `${{ }}` changes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mlspec.expr.addresses import ADDRESS, quoted_form
from mlspec.expr.values import as_text

MAX_PLACEHOLDERS = 5_000
_TOKEN = re.compile(rf"\$\$\{{\{{|\$\{{\{{(?:\s*({ADDRESS})\s*\}}\}})?")
"""An escape, or a placeholder; one that is malformed matches as far as its `${{`."""


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
    for start, end, placeholder in _tokens(text):
        if start > position:
            parts.append(text[position:start])
        position = end
        parts.append(placeholder or "${{")
    if position < len(text):
        parts.append(text[position:])
    return parts


def placeholders(text: str) -> list[Placeholder]:
    """Return the placeholders of `text` alone; raises `TemplateError`."""
    return [placeholder for _, _, placeholder in _tokens(text) if placeholder is not None] if "${{" in text else []


def addresses(text: str) -> Iterable[str]:
    """The addresses of all placeholders; an empty one for each that is malformed, and for each `$${{`."""
    return _TOKEN.findall(text) if "${{" in text else ()


def _tokens(text: str) -> Iterator[tuple[int, int, Placeholder | None]]:
    """Yield where each placeholder is, and with None each `$${{`; raises `TemplateError`."""
    for number, token in enumerate(_TOKEN.finditer(text)):
        start, end = token.span()
        address = token[1]
        if address is not None and number < MAX_PLACEHOLDERS:
            yield start, end, Placeholder(address, start, end, token.start(1))
        elif text.startswith("$$", start):
            yield start, end, None
        else:
            raise _malformed(text, start, start + 3, number)


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


def _malformed(text: str, start: int, inside: int, before: int) -> TemplateError:
    """Say what is wrong with the placeholder at `start`, whose text begins at `inside`, behind so many others."""
    end = text.find("}}", inside)
    if end < 0:
        return TemplateError("`${{` without `}}`", start, len(text))
    if before >= MAX_PLACEHOLDERS:
        return TemplateError("a text with thousands of placeholders: read a file instead", start, end + 2)
    address = text[inside:end].strip()
    if not address:
        return TemplateError("an empty placeholder", start, end + 2)
    at = text.index(address, inside)
    quoted = quoted_form(address)
    reason = f"`{address}` is no address: "
    reason += f"write `{quoted}`" if quoted else "a placeholder holds one address such as `params.seed`, and no expression"
    return TemplateError(reason, at, at + len(address))
