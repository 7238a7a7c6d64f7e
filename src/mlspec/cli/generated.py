"""What commands that make files do with them: write, check, show the difference.

In: generated files and their folder. Out: lines on standard output and standard error, and an exit status.
Owns the words of `--check`, `--diff` and of a refusal to write; `mlspec.generated` writes and compares.
Change it when generated files are reported in another way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from mlspec.cli import output
from mlspec.emission.seal import GeneratedFile
from mlspec.terms import DONE, FINDINGS


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with generated files; written they are unless they are checked or shown."""

    check: bool
    diff: bool
    force: bool
    quiet: bool


def options(command: Callable[..., int]) -> Callable[..., int]:
    """`--check`, `--diff`, `--force` and `--quiet`, which the command gets as its `wish`."""

    @click.option("--check", is_flag=True, help="Write nothing; fail when a file is stale, missing or edited by hand.")
    @click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
    @click.option("--force", is_flag=True, help="Replace generated files that were edited by hand.")
    @click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
    @wraps(command)
    def gathered(*, check: bool, diff: bool, force: bool, quiet: bool, **others: Any) -> int:
        return command(wish=Wish(check, diff, force, quiet), **others)

    return gathered


def handle(files: list[GeneratedFile], folder: Path, wish: Wish, *, shared: bool) -> int:
    """Write the files, or say what that would change; the exit status. `shared`: the folder holds others' files too."""
    if wish.check or wish.diff:
        return _review(files, folder, show=wish.diff, check=wish.check, quiet=wish.quiet, shared=shared)
    return _write(files, folder, force=wish.force, quiet=wish.quiet, shared=shared)


def _review(files: list[GeneratedFile], folder: Path, *, show: bool, check: bool, quiet: bool, shared: bool) -> int:
    from mlspec.generated import existing, staleness, textdiff

    present = existing(files, folder, shared=shared)
    if show:
        text = textdiff.diff(
            files, present, root=folder.as_posix(), color=output.coloured(sys.stdout), safe=output.watched(sys.stdout)
        )
        if text:
            click.echo(text.rstrip("\n"), color=True)
    stale = staleness.check(files, present)
    if check:
        for item in stale:
            output.say(f"{(folder / item.path).as_posix()} {item.reason}", err=True)
        if not stale and not quiet:
            output.say(f"{folder.as_posix()}: up to date")
    return FINDINGS if stale and check else DONE


def _write(files: list[GeneratedFile], folder: Path, *, force: bool, quiet: bool, shared: bool) -> int:
    from mlspec.generated import RefusedError
    from mlspec.generated import write as write_files

    try:
        changes = write_files(files, folder, force=force, shared=shared)
    except RefusedError as error:
        output.say(str(error), err=True)
        if error.can_be_forced:
            click.echo("nothing was written; --force replaces files that were edited by hand", err=True)
        return FINDINGS
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror or error}") from None
    if not quiet:
        for change in changes:
            output.say(f"{change.action:9}  {(folder / change.path).as_posix()}")
    return DONE
