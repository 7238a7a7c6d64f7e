"""What commands print, and where.

In: findings, texts. Out: lines on standard output or standard error. Owns the decision for colour (terminal, NO_COLOR) and how
findings of a spec are shown before a command goes on. Never decides an exit status. Change it when output must look different.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import click

from mlspec import __version__
from mlspec.diagnostics import Diagnostic, printable
from mlspec.diagnostics.render import Format, render
from mlspec.terms import FINDINGS

if TYPE_CHECKING:
    from mlspec.checking import Checked
    from mlspec.diagnostics.explain import Catalogue
    from mlspec.ir.model import Plan


def coloured(stream: IO[str]) -> bool:
    """Whether to write colour to `stream`: a terminal, and neither NO_COLOR nor a dumb one."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def watched(stream: IO[str]) -> bool:
    """Whether people or the log of a CI service see what is written to `stream`, rather than a program or a file."""
    return stream.isatty() or any(os.environ.get(name) for name in ("GITHUB_ACTIONS", "TF_BUILD"))


def silence() -> None:
    """Let nothing more be written: whoever read standard output is gone, or its disk is full."""
    with suppress(OSError, ValueError):  # what stands in for it in a test has no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def findings(
    found: Sequence[Diagnostic],
    sources: Mapping[str, str],
    form: Format = "text",
    *,
    read: int | None = None,
    err: bool = False,
) -> None:
    """Print findings in a format; `read` is how many specs they are from."""
    stream = sys.stderr if err else sys.stdout
    pages = _pages() if form == "sarif" else None
    text = render(found, sources, form, version=__version__, color=coloured(stream), specs=read, catalogue=pages)
    if text:
        click.echo(text.rstrip("\n"), err=err, color=True)


def _pages() -> Catalogue:
    from mlspec.checking.catalogue import catalogue

    return catalogue()


def say(text: str, *, err: bool = False, flush: bool = False) -> None:
    """Print lines that hold what a spec, a file or a step says: nothing in them is obeyed by who shows them."""
    click.echo(printable.lines(text), err=err)
    if flush:
        (sys.stderr if err else sys.stdout).flush()


def planned(checked: Checked) -> Plan:
    """The plan of a checked spec; findings go to standard error, and errors end the command with 1."""
    if checked.findings:
        findings(checked.findings, checked.document.shown, err=True)
    if checked.plan is None:
        raise click.exceptions.Exit(FINDINGS)
    return checked.plan


def table(rows: Sequence[Sequence[str]], *, indent: str = "") -> str:
    """Rows as aligned columns, the last one as long as it likes; what has a line end in it is one line all the same."""
    if not rows:
        return ""
    rows = [[cell.replace("\n", printable.shown("\n")) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows)
    return "\n".join((indent + line).rstrip() for line in lines)


def takes_more() -> bool:
    """Tell whether standard output can be written to now, or whoever reads it has paused."""
    import select

    try:
        return bool(select.select([], [sys.stdout], [], 0)[1])
    except (OSError, ValueError):  # no descriptor, as under a test
        return True
