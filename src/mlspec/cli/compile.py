"""`mlspec compile`: write a target's files, or check or show what writing would change."""

from __future__ import annotations

from pathlib import Path

import click

from mlspec import api
from mlspec.checking import Checked
from mlspec.checking.suppression import unsuppressed
from mlspec.cli import arguments, generated, output
from mlspec.emission.seal import GeneratedFile
from mlspec.ir.model import Plan
from mlspec.targets.base import targets


@click.command("compile")
@arguments.specs_argument
@click.option("-t", "--target", "names", multiple=True, metavar="TARGET", help="Compile to this target; repeat for several.")
@click.option("-o", "--output", "out", type=click.Path(file_okay=False), help="Write below this folder, not to pipelines/.")
@generated.options
@arguments.layers
def COMMAND(  # noqa: N802
    specs: tuple[str, ...],
    names: tuple[str, ...],
    out: str | None,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
    wish: generated.Wish,
) -> int:
    """Compile specs to pipelines/TARGET/ beside each of them.

    Without -t, to the targets that the spec names under `targets:`, or to all.
    """
    for name in names:
        arguments.known("target", name, targets())
    status, shared = 0, out is not None
    for path in arguments.paths(specs):
        checked = api.check(path, profile=profile, sets=sets, include_roots=include_roots)
        if checked.findings:
            output.findings(checked.findings, checked.document.shown, err=True)
        if checked.plan is None:
            status = 1
            continue
        plan = api.lower(checked.plan)
        for name in names or _default_targets(plan):
            files = _emit(checked, plan, name)
            folder = (Path(out) if out else checked.document.folder / "pipelines") / name
            if files is None:
                status = 1
            else:
                status = max(status, generated.handle(files, folder, wish, shared=shared))
    return status


def _default_targets(plan: Plan) -> list[str]:
    return [name for name in targets() if name in plan.target_options] or list(targets())


def _emit(checked: Checked, plan: Plan, name: str) -> list[GeneratedFile] | None:
    files, found = api.emit(plan, targets()[name])
    found = unsuppressed(checked.document, checked.spec, found)
    if found:
        output.findings(found, checked.document.shown, err=True)
    return files
