"""`mlspec plan`: the graph that a spec describes."""

from __future__ import annotations

import click

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.ir.model import Plan
from mlspec.report import FORMS, render
from mlspec.terms import DONE


@click.command("plan")
@arguments.spec_argument
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How to show it.")
@click.option("--pipeline", type=click.Choice(["lifecycle", "monitor"]), default="lifecycle", help="Which pipeline to show.")
@click.option("-t", "--target", "name", metavar="TARGET", help="Also say which steps wait for others there without need.")
@arguments.layers
def COMMAND(  # noqa: N802
    spec: str | None,
    form: str,
    pipeline: str,
    name: str | None,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Show the graph, its order and its longest chain."""
    if name is not None:
        from mlspec.targets.base import targets

        arguments.known("target", name, targets())
        if form != "text":
            raise click.UsageError("--target goes with --format text")
    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    plan = arguments.pipeline(api.lower(output.planned(checked)), pipeline)
    click.echo(render(plan, form), nl=False)
    if name is not None:
        output.say(_waits(plan, name))
    return DONE


def _waits(plan: Plan, name: str) -> str:
    from mlspec.targets.base import targets

    found = targets()[name].waits(plan)
    if not found:
        return f"\n{name}: every step starts as soon as what it needs has ended"
    return f"\n{name}: these steps also wait for others that they do not need\n" + output.table(
        list(found.items()), indent="  "
    )
