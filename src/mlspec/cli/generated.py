"""What commands that make files do with them: write, check, show the difference.

In: generated files and their folder. Out: lines on standard output and standard error, and an exit status.
Owns the words of `--check`, `--diff` and of a refusal to write; `mlspec.generated` writes and compares.
Change it when generated files are reported in another way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlspec.cli import output
from mlspec.diagnostics import Diagnostic, Span
from mlspec.emission.seal import GeneratedFile
from mlspec.terms import DONE, FINDINGS

if TYPE_CHECKING:
    from mlspec.generated import Scope


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done with generated files; written they are unless they are checked or shown."""

    check: bool
    diff: bool
    force: bool
    quiet: bool
    found: list[Diagnostic] | None = None
    """Where what is wrong with files goes as findings; None: to standard error, as text."""

    def say(self, path: str, reason: str) -> None:
        """Say what is wrong with a file."""
        if self.found is None:
            output.say(f"{path} {reason}", err=True)
        else:
            self.found.append(Diagnostic("MLS506", f"{path} {reason}", Span(path, 1, 1, 1, 1)))


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


def handle(files: list[GeneratedFile], folder: Path, wish: Wish, *, shared: bool, scope: Scope | None = None) -> int:
    """Write the files, or say what that would change; the exit status.

    `shared`: the folder holds others' files too. `scope`: what of it is this spec's, where more was made from it.
    """
    act = _review if wish.check or wish.diff else _write
    return act(files, folder, wish, shared, scope)


def handle_leftovers(
    pipelines: Path, asked: Collection[str], wish: Wish, scope: Scope, wanted: Mapping[str, Collection[str]] | None = None
) -> int:
    """Remove what was compiled to targets that nobody asks for any more, or say so; the exit status. `wanted` are the targets that
    each of the profiles in `scope` adds to those `asked`; None where that is not known.
    """
    from mlspec.generated import existing, staleness

    status = DONE
    for folder in folders(pipelines):
        kept = scope.kept if wanted is None else {profile for profile in wanted if folder.name in wanted[profile]}
        here = replace(scope, target=folder.name, kept=frozenset(kept))
        if folder.name not in asked and staleness.check([], existing([], folder), here):
            status = max(status, handle([], folder, wish, shared=False, scope=here))
    return status


def profiles_there(folder: Path, spec_file: str) -> set[str | None]:
    """The profiles that files of a target were made with from a spec file; None is among them where some were made without."""
    from mlspec.emission.seal import read_seal
    from mlspec.generated import existing

    texts = [text for text in existing([], folder).values() if text is not None]
    return {seal.profile for seal in map(read_seal, texts) if seal.spec_file == spec_file and seal.target is not None}


def folders(pipelines: Path) -> list[Path]:
    """The folders of targets below, those of links aside."""
    there = sorted(pipelines.iterdir()) if pipelines.is_dir() else []
    return [folder for folder in there if folder.is_dir() and not folder.is_symlink()]


def _review(files: list[GeneratedFile], folder: Path, wish: Wish, shared: bool, scope: Scope | None) -> int:
    from mlspec.generated import existing, staleness, textdiff
    from mlspec.generated.merges import as_merged

    present = existing(files, folder, shared=shared)
    if wish.diff:
        safe, colour = output.watched(sys.stdout), output.coloured(sys.stdout)
        text = textdiff.diff(files, present, scope, root=folder.as_posix(), color=colour, safe=safe)
        if text:
            click.echo(text.rstrip("\n"), color=True, err=wish.found is not None)
    stale = staleness.check(files, present, scope, as_merged(folder, present), shared=shared)
    if wish.check:
        for item in stale:
            wish.say((folder / item.path).as_posix(), item.reason)
        if not stale and not wish.quiet:
            output.say(f"{folder.as_posix()}: up to date", err=wish.found is not None)
    return FINDINGS if stale and wish.check else DONE


def _write(files: list[GeneratedFile], folder: Path, wish: Wish, shared: bool, scope: Scope | None) -> int:
    from mlspec.generated import RefusedError
    from mlspec.generated import write as write_files

    try:
        changes = write_files(files, folder, force=wish.force, shared=shared, scope=scope)
    except RefusedError as error:
        for verdict in error.verdicts:
            wish.say((folder / verdict.path).as_posix(), verdict.reason)
        if error.can_be_forced:
            click.echo("nothing was written; --force replaces files that were edited by hand", err=True)
        return FINDINGS
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror or error}") from None
    for change in changes:
        if change.was_merged:
            output.say(f"{(folder / change.path).as_posix()} held both sides of a merge, and is made again", err=True)
    if not wish.quiet:
        for change in changes:
            output.say(f"{change.action:9}  {(folder / change.path).as_posix()}", err=wish.found is not None)
    return DONE
