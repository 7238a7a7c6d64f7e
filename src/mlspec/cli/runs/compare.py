"""`mlspec runs compare`: runs side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.diagnostics.printable import json_document, lines, visible
from mlspec.history.as_json import comparison_json
from mlspec.history.comparison import Comparison, Row, compare
from mlspec.history.view import gather
from mlspec.terms import DONE


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", shell_complete=completion.runs)
@arguments.spec_option
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json", "html"]), default="text", show_default=True)
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    runs: tuple[str, ...],
    spec: str | None,
    form: str,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Compare RUNs (ids, or `latest`): parameters, metrics, code, data, environment and outputs; what differs comes first."""
    if len(runs) < 2:
        raise click.UsageError("name two runs or more")
    with refusals.as_click_errors():
        plan, store = opened(spec, pipeline, profile, sets, include_roots)
        found = compare([gather(plan, store, run, now=time.time()) for run in runs])
    match form:
        case "json":
            click.echo(json_document(comparison_json(found)))
        case "markdown":
            from mlspec.report import comparison_markdown

            click.echo(lines(comparison_markdown.render(found)), nl=False)
        case "html":
            from mlspec.report import comparison_html

            click.echo(comparison_html.render(found), nl=False)
        case _:
            output.say("\n".join(_text(found)))
    return DONE


def _text(found: Comparison) -> Iterator[str]:
    differing = {section.title: [row for row in section.rows if row.differs] for section in found.sections}
    everything = [["", *found.run_ids], *(_cells(row) for row in found.heads)]
    everything += [_cells(row) for rows in differing.values() for row in rows]
    shown = iter(output.table(everything).split("\n"))  # all as one table, so that a run has one column
    yield from islice(shown, 1 + len(found.heads))
    for section in found.sections:
        count, same = section.differing, len(section.rows) - section.differing
        yield f"\n{section.title.lower()}: " + (f"{count} differ, {same} the same" if count else f"the same ({same})")
        yield from islice(shown, count)


def _cells(row: Row) -> list[str]:
    return [f"  {visible(row.name)}", *(visible(value) for value in row.shown)]
