"""`mlspec runs list`: every run of a lifecycle."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import click

from mlspec.cli import arguments, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.diagnostics.printable import json_document
from mlspec.history import choosing, words
from mlspec.history.as_json import summary_json
from mlspec.history.listing import Summary, listing
from mlspec.ir.bodies import Gate
from mlspec.ir.model import Plan
from mlspec.terms import DONE

_PARAMS = 6
"""Columns of parameters that differ."""


@click.command("list")
@arguments.spec_argument
@click.option("--where", metavar="CEL", help="Only runs for which this holds: run.status == 'failed' && params.depth > 4")
@click.option("--sort", metavar="[-]ADDRESS", help="Sort by this, with - the largest first: run.seconds, params.x, a metric.")
@click.option(
    "--metric", "metrics", metavar="ADDRESS", multiple=True, help="Show this metric; those that gates read by default."
)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="The last N alone; of sorted runs, the first N.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    spec: str | None,
    where: str | None,
    sort: str | None,
    metrics: tuple[str, ...],
    limit: int | None,
    form: str,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """List all runs, the newest last: their states, times, the parameters in which they differ, and metrics."""
    with refusals.as_click_errors():
        plan, runs = opened(spec, pipeline, profile, sets, include_roots)
        found = listing(plan, runs, now=time.time())
    try:
        rows = choosing.where(found, where) if where is not None else found
        rows = choosing.ordered(rows, sort) if sort is not None else rows
        columns = [choosing.known(metric, found) for metric in metrics] or _of_gates(plan, rows)
    except choosing.ChoiceError as error:
        raise click.UsageError(str(error)) from None
    if limit is not None:
        rows = rows[:limit] if sort is not None else rows[-limit:]
    if form == "json":
        click.echo(json_document([summary_json(row) for row in rows]))
    elif rows:
        output.say(output.table(_table(rows, columns)))
    else:
        click.echo("no runs yet" if not found else "no run fits")
    return DONE


def _of_gates(plan: Plan, rows: Sequence[Summary]) -> list[str]:
    """The metrics that decide: those in the lines of gates, as far as runs have them."""
    lines = [line for step in plan.all_steps() if isinstance(step.body, Gate) for line in step.body.lines]
    words_in = dict.fromkeys(re.findall(r"[a-z][\w.]*", " ".join(lines)))
    return [word for word in words_in if any(word in row.metrics for row in rows)]


def _table(rows: Sequence[Summary], metrics: Sequence[str]) -> list[list[str]]:
    names = dict.fromkeys(name for row in rows for name in row.params)
    differing = [name for name in names if len({repr(row.params.get(name)) for row in rows}) > 1][:_PARAMS]
    head = ["run", "state", "started", "took", *(f"params.{name}" for name in differing), *metrics, "steps"]
    return [head, *(_cells(row, differing, metrics) for row in rows)]


def _cells(row: Summary, params: Sequence[str], metrics: Sequence[str]) -> list[str]:
    values = [words.figure(row.params[name]) if name in row.params else "" for name in params]
    values += [words.figure(row.metrics[name]) if name in row.metrics else "" for name in metrics]
    only = f" (only {row.only})" if row.only else ""
    steps = row.error or ", ".join(f"{number} {state}" for state, number in row.steps.items()) + only
    state = "damaged" if row.error else row.status
    return [row.run_id, state, words.moment(row.started), words.took(row.seconds), *values, steps]
