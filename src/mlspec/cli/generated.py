"""What commands that make files do with them: write, check, show the difference.

In: generated files and their folder. Out: lines on standard output and standard error, and an exit status.
Owns the words of `--check`, `--diff` and of a refusal to write; `workspace` writes and `review` compares.
Change it when generated files are reported in another way.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlspec.cli import output
from mlspec.plan.generated import GeneratedFile


def review(files: list[GeneratedFile], folder: Path, *, show: bool, check: bool, quiet: bool, shared: bool) -> int:
    """Print what writing would change (`show`) and what is not up to date (`check`); the exit status."""
    from mlspec.review import staleness, textdiff
    from mlspec.workspace import existing

    present = existing(files, folder, shared=shared)
    if show:
        text = textdiff.diff(files, present, root=folder.as_posix(), color=output.coloured(sys.stdout))
        if text:
            click.echo(text.rstrip("\n"), color=True)
    stale = staleness.check(files, present)
    if check:
        for item in stale:
            click.echo(f"{(folder / item.path).as_posix()} {item.reason}", err=True)
        if not stale and not quiet:
            click.echo(f"{folder.as_posix()}: up to date")
    return 1 if stale and check else 0


def write(files: list[GeneratedFile], folder: Path, *, force: bool, quiet: bool, shared: bool) -> int:
    """Make `folder` hold `files` and print what was done; the exit status."""
    from mlspec import workspace

    try:
        changes = workspace.write(files, folder, force=force, shared=shared)
    except workspace.RefusedError as error:
        click.echo(str(error), err=True)
        if error.can_be_forced:
            click.echo("nothing was written; --force replaces files that were edited by hand", err=True)
        return 1
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror or error}") from None
    if not quiet:
        for change in changes:
            click.echo(f"{change.action:9}  {(folder / change.path).as_posix()}")
    return 0
