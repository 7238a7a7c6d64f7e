"""`mlspec env`: makes environments here, or the files that make them elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from mlspec import __version__, api
from mlspec.cli import arguments, completion, generated, output
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan
from mlspec.terms import DONE, FINDINGS

_name = click.argument("name", required=False, metavar="[NAME]", shell_complete=completion.environments)


@click.group("env")
def COMMAND() -> None:  # noqa: N802
    """Make the environments of a spec here, or their Dockerfiles and conda files."""


@COMMAND.command("build")
@_name
@arguments.spec_option
@arguments.locked
@arguments.layers
def build(
    name: str | None,
    spec: str | None,
    locked: bool,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Make the environment NAME, or all, here: what `mlspec run` does before its first step.

    Prints the Python of each. This one does where it has all that is asked for.
    """
    from mlspec.cli import refusals
    from mlspec.engine.locked import check_lock
    from mlspec.environments.build import interpreter
    from mlspec.environments.identity import identity

    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    plan = output.planned(checked)
    if locked:
        with refusals.as_click_errors():
            check_lock(plan)
    rows = []
    for wanted in _chosen(plan, name):
        with refusals.as_click_errors():
            python = interpreter(wanted, checked.document.folder.resolve(), _say_making, _say_installing)
        rows.append((wanted.name, str(python) if identity(wanted) else "nothing to make: it asks for no packages"))
    output.say(output.table(rows))
    return DONE


def _say_making(name: str) -> None:
    output.say(f"making {name}", err=True)


def _say_installing(line: str) -> None:
    if line.strip():
        output.say(f"  {line.strip()}", err=True)


@COMMAND.command("export")
@_name
@arguments.spec_option
@click.option(
    "-o", "--output", "out", type=click.Path(file_okay=False), help="Write below this folder, not to pipelines/environments/."
)
@generated.options
@arguments.layers
def export(
    name: str | None,
    spec: str | None,
    out: str | None,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
    wish: generated.Wish,
) -> int:
    """Write a Dockerfile and a conda file for the environment NAME, or for all, to pipelines/environments/."""
    from mlspec.environments import findings
    from mlspec.environments.export import export as files_of

    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    plan = output.planned(checked)
    names = [wanted.name for wanted in _chosen(plan, name)]
    found = findings.check(plan, names)
    if found:
        output.findings(found, checked.document.shown, err=True)
        return FINDINGS
    files = files_of(plan, names, __version__)
    folder = Path(out) if out else checked.document.folder / "pipelines" / "environments"
    return generated.handle(files, folder, wish, shared=out is not None or name is not None)


def _chosen(plan: Plan, name: str | None) -> list[Environment]:
    if name is None:
        if not plan.environments:
            raise click.UsageError("the spec has no `environments`")
        return list(plan.environments.values())
    arguments.known("environment", name, plan.environments)
    return [plan.environments[name]]
