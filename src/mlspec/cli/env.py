"""`mlspec env`: makes environments here, or the files that make them elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from mlspec import __version__, api
from mlspec.cli import arguments, generated, output
from mlspec.diagnostics import has_errors
from mlspec.plan.model import Environment, Plan

_spec = click.option("--spec", metavar="SPEC", type=click.Path(), help="The spec; mlspec.yaml by default.")
_name = click.argument("name", required=False, metavar="[NAME]")


@click.group("env")
def COMMAND() -> None:  # noqa: N802
    """Make the environments of a spec here, or their Dockerfiles and conda files."""


@COMMAND.command("build")
@_name
@_spec
@arguments.layers
def build(name: str | None, spec: str | None, profile: str | None, sets: tuple[str, ...]) -> int:
    """Make the environment NAME, or all, here: what `mlspec run` does before its first step.

    Prints the Python of each. This one does where it has all that is asked for.
    """
    from mlspec.runner.environments import EnvironmentBuildError, digest, interpreter

    checked = api.check(arguments.one(spec), profile=profile, sets=sets)
    plan = output.planned(checked)
    rows = []
    for wanted in _chosen(plan, name):
        try:
            python = interpreter(wanted, checked.document.folder.resolve(), lambda text: click.echo(f"making {text}", err=True))
        except EnvironmentBuildError as error:
            raise click.ClickException(str(error)) from None
        rows.append((wanted.name, str(python) if digest(wanted) else "nothing to make: it asks for no packages"))
    click.echo(output.table(rows))
    return 0


@COMMAND.command("export")
@_name
@_spec
@click.option(
    "-o", "--output", "out", type=click.Path(file_okay=False), help="Write below this folder, not to pipelines/environments/."
)
@click.option(
    "--check", "check_only", is_flag=True, help="Write nothing; fail when a file is stale, missing or edited by hand."
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--force", is_flag=True, help="Replace generated files that were edited by hand.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@arguments.layers
def export(
    name: str | None,
    spec: str | None,
    out: str | None,
    check_only: bool,
    show_diff: bool,
    force: bool,
    quiet: bool,
    profile: str | None,
    sets: tuple[str, ...],
) -> int:
    """Write a Dockerfile and a conda file for the environment NAME, or for all, to pipelines/environments/."""
    from mlspec import environments

    checked = api.check(arguments.one(spec), profile=profile, sets=sets)
    plan = output.planned(checked)
    names = [wanted.name for wanted in _chosen(plan, name)]
    found = api.heard(checked, environments.check(plan, names))
    if found:
        output.findings(found, checked.document.sources, err=True)
    if has_errors(found):
        return 1
    files = environments.export(plan, names, __version__)
    folder = Path(out) if out else checked.document.folder / "pipelines" / "environments"
    shared = out is not None or name is not None
    if check_only or show_diff:
        return generated.review(files, folder, show=show_diff, check=check_only, quiet=quiet, shared=shared)
    return generated.write(files, folder, force=force, quiet=quiet, shared=shared)


def _chosen(plan: Plan, name: str | None) -> list[Environment]:
    if name is None:
        if not plan.environments:
            raise click.UsageError("the spec has no `environments`")
        return list(plan.environments.values())
    if name not in plan.environments:
        from mlspec.diagnostics.nearest import nearest

        close = nearest(name, plan.environments)
        known = f"there are: {', '.join(plan.environments)}" if plan.environments else "the spec has none"
        raise click.UsageError(f"there is no environment {name!r}; " + (f"did you mean {close!r}?" if close else known))
    return [plan.environments[name]]
