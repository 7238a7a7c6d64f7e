"""What stays of Python code without comments, blank lines and layout.

In: the bytes of a module. Out: bytes that are equal for two modules exactly when they are the same program to this Python, docstrings
included; what it cannot parse stays as it is. Owns that comparison; never decides which files count.
Change it when a comment turns out to change what code does.
"""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

_FRACTION = re.compile(rb"^# /// [\w-]+[ \t]*\r?\n(#[^\n]*\n)*?# ///", re.M)
"""A block of metadata that `uv run` and its like read (PEP 723)."""


def program(source: bytes, *, executable: bool = False) -> bytes:
    """The program that `source` is. Of an `executable` file the first line says what runs it."""
    tree = parse(source)
    if tree is None:
        return source
    first = source.split(b"\n", 1)[0] if executable and source.startswith(b"#!") else b""
    try:
        text = "\0".join(_nodes(tree))
    except ValueError:  # a number with more digits than Python writes
        return source
    read = b"".join(match[0] for match in _FRACTION.finditer(source))
    return b"\0".join((b"program", first, read, text.encode("utf-8", "backslashreplace")))


def parse(source: bytes) -> ast.Module | None:
    """The tree of a module; None where this Python cannot parse it: it may be written for another one."""
    import warnings

    with _uncollected(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings, which the run itself tells of
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _nodes(tree: ast.Module) -> Iterator[str]:
    """The names of nodes and the values of constants, in an order that tells all trees apart; without recursion."""
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.AST):
            yield type(node).__name__
            waiting.extend([getattr(node, name, None) for name in node._fields])
        elif isinstance(node, list):
            yield f"[{len(node)}"
            waiting.extend(node)
        else:
            yield repr(node)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Trees are large and have no cycles: looking for such takes longer than parsing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
