"""`mlspec compile`: write a target's files, or check or show what writing would change."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.plan.generated import GeneratedFile
from mlspec.plan.model import Plan
from mlspec.targets.base import targets


@click.command("compile")
@arguments.specs_argument
@click.option("-t", "--target", "names", multiple=True, metavar="TARGET", help="Compile to this target; repeat for several.")
@click.option("-o", "--output", "out", type=click.Path(file_okay=False), help="Write below this folder, not to pipelines/.")
@click.option(
    "--check", "check_only", is_flag=True, help="Write nothing; fail when a file is stale, missing or edited by hand."
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--force", is_flag=True, help="Replace generated files that were edited by hand.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@arguments.layers
def COMMAND(  # noqa: N802
    specs: tuple[str, ...],
    names: tuple[str, ...],
    out: str | None,
    check_only: bool,
    show_diff: bool,
    force: bool,
    quiet: bool,
    profile: str | None,
    sets: tuple[str, ...],
) -> int:
    """Compile specs to pipelines/TARGET/ beside each of them.

    Without -t, to the targets that the spec names under `targets:`, or to all.
    """
    _known(names)
    status = 0
    for path in arguments.paths(specs):
        checked = api.check(path, profile=profile, sets=sets)
        if checked.findings:
            output.findings(checked.findings, checked.document.sources, err=True)
        if checked.plan is None:
            status = 1
            continue
        for name in names or _default_targets(checked.plan):
            files = _emit(checked, checked.plan, name)
            folder = (Path(out) if out else checked.document.folder / "pipelines") / name
            if files is None:
                status = 1
            elif check_only or show_diff:
                status = max(status, _review(files, folder, show_diff, check_only, quiet, shared=out is not None))
            else:
                status = max(status, _write(files, folder, force, quiet, shared=out is not None))
    return status


def _known(names: tuple[str, ...]) -> None:
    from mlspec.diagnostics.nearest import nearest

    for name in names:
        if name not in targets():
            close = nearest(name, targets())
            hint = f"did you mean {close!r}?" if close else f"there are: {', '.join(targets())}"
            raise click.UsageError(f"there is no target {name!r}; {hint}")


def _default_targets(plan: Plan) -> list[str]:
    return [name for name in targets() if name in plan.target_options] or list(targets())


def _emit(checked: api.Checked, plan: Plan, name: str) -> list[GeneratedFile] | None:
    files, found = api.emit(plan, targets()[name])
    if found:
        output.findings(found, checked.document.sources, err=True)
    return files


def _review(files: list[GeneratedFile], folder: Path, show: bool, check: bool, quiet: bool, *, shared: bool) -> int:
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


def _write(files: list[GeneratedFile], folder: Path, force: bool, quiet: bool, *, shared: bool) -> int:
    from mlspec.workspace import RefusedError, write

    try:
        changes = write(files, folder, force=force, shared=shared)
    except RefusedError as error:
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
