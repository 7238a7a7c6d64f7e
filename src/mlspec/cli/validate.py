"""`mlspec validate`: all findings of one or many specs, in any format."""

from __future__ import annotations

import sys

import click

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.diagnostics import Diagnostic, has_errors, in_order
from mlspec.diagnostics.printable import lines
from mlspec.diagnostics.render import FORMATS, Format
from mlspec.source.project import FolderProject
from mlspec.terms import DONE, FINDINGS


@click.command("validate")
@arguments.specs_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings.")
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@click.option("-v", "--verbose", is_flag=True, help="Say on standard error which spec is read.")
@arguments.layers
def COMMAND(  # noqa: N802
    specs: tuple[str, ...],
    form: Format,
    strict: bool,
    quiet: bool,
    verbose: bool,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Check specs (files, folders or globs; mlspec.yaml by default) and print all findings at once, sorted.

    Without --profile, each profile of a spec is checked as well. Ends with 1 when there is an error.
    """
    found: list[Diagnostic] = []
    sources: dict[str, str] = {}
    paths = arguments.paths(specs)
    for path in paths:
        if verbose:
            output.say(f"reading {path}", err=True)
        project = FolderProject()  # one look for all profiles
        checked = api.check(path, profile=profile, sets=sets, include_roots=include_roots, strict=strict, project=project)
        found += checked.findings
        sources |= checked.document.shown
        for name in checked.spec.lifecycle.profiles if checked.spec is not None and profile is None else ():
            found += api.check(
                path, profile=name, sets=sets, include_roots=include_roots, strict=strict, project=project
            ).findings
    found = in_order(found)
    if found or form != "text":
        output.findings(found, sources, form, read=len(paths))
    if form == "text" and not quiet and not has_errors(found):
        read = paths[0] if len(paths) == 1 else f"{len(paths)} specs"
        click.secho(f"{lines(read)}: valid", fg="green" if output.coloured(sys.stdout) else None)
    elif form == "text" and not quiet and len(paths) > 1:
        click.echo(f"{len(paths)} specs read")
    return FINDINGS if has_errors(found) else DONE
