"""`mlspec runs logs`: what a step of a run wrote, also while it runs."""

from __future__ import annotations

import sys

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.diagnostics.printable import printed
from mlspec.engine.logs import StepLog
from mlspec.terms import DONE


@click.command("logs")
@click.argument("run", shell_complete=completion.runs)
@click.argument("step", shell_complete=completion.steps)
@click.option("-f", "--follow", is_flag=True, help="Go on until the step has ended.")
@click.option("--attempt", type=click.IntRange(1), metavar="N", help="Only what its Nth attempt wrote, counted from 1.")
@arguments.spec_option
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: str,
    step: str,
    follow: bool,
    attempt: int | None,
    spec: str | None,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Print what STEP wrote in RUN (an id, or `latest`), all its attempts in order.

    Of a fan-out STEP is an instance: `train[depth=2]`, `work[0]`. An orchestrator keeps the logs of its runs itself.
    """
    watched = output.watched(sys.stdout)
    with refusals.as_click_errors():
        _, runs = opened(spec, pipeline, profile, sets, include_roots)
        for line in StepLog(runs, run, step).lines(follow=follow, attempt=attempt):
            if watched:  # nothing in it is obeyed by a terminal
                click.echo(printed(line.decode("utf-8", "replace").rstrip("\r\n")))
            else:
                sys.stdout.buffer.write(line)
            if follow:
                sys.stdout.flush()
    return DONE
