"""`mlspec targets`: what each target does with each feature of the language."""

from __future__ import annotations

import json

import click

from mlspec.cli import arguments, output
from mlspec.ir.features import Feature
from mlspec.targets.base import support, targets
from mlspec.terms import DONE


@click.command("targets")
@click.argument("name", required=False, metavar="[TARGET]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def COMMAND(name: str | None, form: str) -> int:  # noqa: N802
    """Show how each target does each feature: native, emulated (and how) or refused (and what to do instead)."""
    if name is not None:
        arguments.known("target", name, targets())
    chosen = {key: target for key, target in targets().items() if name in (None, key)}
    supports = {key: {feature: support(target, feature) for feature in Feature} for key, target in chosen.items()}
    if form == "json":
        document = {
            key: {feature.key: {"kind": support.kind, "how": support.how} for feature, support in table.items()}
            for key, table in supports.items()
        }
        click.echo(json.dumps(document, indent=2))
    elif form == "markdown":
        click.echo(f"| feature | {' | '.join(chosen)} |\n|---|{'---|' * len(chosen)}")
        for feature in Feature:
            cells = [
                f"{table[feature].kind}{': ' + table[feature].how if table[feature].how else ''}" for table in supports.values()
            ]
            click.echo(f"| {feature.title} | {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    elif name is None:
        rows = [("", *chosen), *((feature.key, *(table[feature].kind for table in supports.values())) for feature in Feature)]
        click.echo(output.table(rows))
        click.echo("\n" + output.table([(key, target.summary) for key, target in chosen.items()]))
        click.echo("\nmlspec targets TARGET says how each feature is done")
    else:
        click.echo(f"{name}: {chosen[name].summary}\n")
        click.echo(output.table([(feature.key, support.kind, support.how) for feature, support in supports[name].items()]))
    return DONE
