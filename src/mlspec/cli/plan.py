"""`mlspec plan`: the graph that a spec describes."""

from __future__ import annotations

import click

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.report import FORMS, render


@click.command("plan")
@arguments.spec_argument
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How to show it.")
@click.option("--pipeline", type=click.Choice(["lifecycle", "monitor"]), default="lifecycle", help="Which pipeline to show.")
@arguments.layers
def COMMAND(spec: str | None, form: str, pipeline: str, profile: str | None, sets: tuple[str, ...]) -> int:  # noqa: N802
    """Show the graph, its order and its longest chain."""
    plan = output.planned(api.check(arguments.one(spec), profile=profile, sets=sets))
    click.echo(render(arguments.pipeline(plan, pipeline), form), nl=False)
    return 0
