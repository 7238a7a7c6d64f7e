"""`mlspec validate`: all findings of one or many specs, in any format."""

from __future__ import annotations

import sys

import click

from mlspec import api
from mlspec.checking import Checked
from mlspec.cli import arguments, output
from mlspec.diagnostics import Diagnostic, has_errors, in_order
from mlspec.diagnostics.printable import lines
from mlspec.diagnostics.render import FORMATS, Format
from mlspec.source import Document
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

    Without --profile, each profile of a spec is checked as well. What the targets under `targets:` refuse is found too.
    Ends with 1 when there is an error.
    """
    found: list[Diagnostic] = []
    sources: dict[str, str] = {}
    documents: list[Document] = []
    paths = arguments.paths(specs)
    for path in paths:
        if verbose:
            output.say(f"reading {path}", err=True)
        project = FolderProject()  # one look for all profiles
        checked = api.check(path, profile=profile, sets=sets, include_roots=include_roots, strict=strict, project=project)
        found += [*checked.findings, *api.check_configured(checked, strict=strict)]
        sources |= checked.document.shown
        documents.append(checked.document)
        for name in _profiles(checked, path) if profile is None else ():
            other = api.check(path, profile=name, sets=sets, include_roots=include_roots, strict=strict, project=project)
            found += [*other.findings, *api.check_configured(other, strict=strict)]
    shared, texts = api.check_together(documents, arguments.in_repository(specs, paths), include_roots=include_roots)
    found, sources = in_order([*found, *shared]), sources | texts
    if found or form != "text":
        output.findings(found, sources, form, read=len(paths))
    if form == "text" and not quiet and not has_errors(found):
        read = paths[0] if len(paths) == 1 else f"{len(paths)} specs"
        click.secho(f"{lines(read)}: valid", fg="green" if output.coloured(sys.stdout) else None)
    elif form == "text" and not quiet and len(paths) > 1:
        click.echo(f"{len(paths)} specs read")
    return FINDINGS if has_errors(found) else DONE


_MOST_READ = 2_000_000
"""Characters of a spec that are read once more for its profiles."""


def _profiles(checked: Checked, path: str) -> list[str]:
    """The profiles to check, each of which reads all of the spec again; says how many are left out where that is too much."""
    names = list(checked.spec.lifecycle.profiles) if checked.spec is not None else []
    size = sum(map(len, checked.document.sources.values()))
    most = max(1, _MOST_READ // max(size, 1))
    if len(names) > most:
        output.say(
            f"{path}: {len(names) - most} of {len(names)} profiles are not checked, for there is too much to read: name one",
            err=True,
        )
    return names[:most]
