"""`mlspec run`: a lifecycle on this machine, with progress."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

from mlspec import api
from mlspec.checking import Checked
from mlspec.checking.suppression import unsuppressed
from mlspec.cli import arguments, completion, output
from mlspec.ir.model import Plan
from mlspec.terms import DONE, FINDINGS

if TYPE_CHECKING:
    from mlspec.engine import RunOutcome


@click.command("run")
@arguments.spec_argument
@click.option(
    "-p",
    "--param",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completion.parameters,
    help="Override a parameter for this run.",
)
@arguments.which_pipeline
@click.option(
    "--date", metavar="DATE", help="What the run is for: a moment or a day (in the schedule's time zone) [default: its start]."
)
@click.option(
    "--backfill",
    metavar="FROM..TO",
    help="Run it for each scheduled moment of the past, or each day without a schedule: both ends included, the oldest first.",
)
@click.option("--keep-going", is_flag=True, help="With --backfill: go on after a run that has failed.")
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="How many steps may run at once [default: one a CPU].")
@click.option("--resume", metavar="RUN", shell_complete=completion.runs, help="Do the rest of an earlier run.")
@click.option("--no-cache", is_flag=True, help="Run every step, whatever earlier runs made.")
@arguments.locked
@click.option(
    "--trace", is_flag=True, help="Run every step, and say which files it opens that are no inputs and in no cache key."
)
@click.option(
    "--only",
    metavar="STEP",
    shell_complete=completion.steps,
    help="Run one step, on the newest outputs of the steps before it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print events instead, a line of JSON each (docs/run-events.md).")
@click.option("-v", "--verbose", is_flag=True, help="Print what steps print.")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
@arguments.layers
def COMMAND(  # noqa: N802
    spec: str | None,
    pairs: tuple[str, ...],
    pipeline: str,
    date: str | None,
    backfill: str | None,
    keep_going: bool,
    jobs: int | None,
    resume: str | None,
    no_cache: bool,
    trace: bool,
    locked: bool,
    only: str | None,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Run a lifecycle here, in parallel; steps that did not change come from the cache.

    Ends with 1 when the run failed, and with 130 when it was interrupted.

    Ctrl-C and the signals TERM, HUP and QUIT end all steps; `finally` steps do not start then, for it is `--resume` that does the
    rest, and them at its end.
    """
    from mlspec.cli import refusals
    from mlspec.cli.backfill import Backfill
    from mlspec.cli.live import Live, is_possible
    from mlspec.cli.progress import Progress
    from mlspec.cli.remaining import Remaining
    from mlspec.cli.run_events import EventLines
    from mlspec.engine import run as start
    from mlspec.engine.backfill import backfill_dates, in_turn
    from mlspec.engine.params import params_from_text
    from mlspec.engine.turns import SkippedRunError

    _check_backfill(backfill, {"--date": date, "--resume": resume, "--only": only}, keep_going=keep_going)
    path = arguments.one(spec)
    checked = api.check(path, profile=profile, sets=sets, include_roots=include_roots)
    whole = output.planned(checked)
    plan = arguments.pipeline(whole, pipeline)
    turns = plan if backfill is None else in_turn(plan)
    _say_what_is_left_out(checked, plan, whole)

    given = "".join(f" -p {shlex.quote(pair)}" for pair in pairs)
    origin = api.origin(plan, checked.document.folder)

    def again(option: str) -> str:
        return arguments.again(path, pipeline, profile, sets, include_roots, option=option)

    def run_for(date: str | None) -> RunOutcome:
        watched = not as_json and is_possible(quiet=quiet, verbose=verbose)
        left = Remaining(plan, checked.document.folder, jobs or os.cpu_count() or 1)
        live = Live(
            left=left,
            enabled=watched,
            colour=output.coloured(sys.stdout),
        )
        progress = (
            EventLines(quiet=quiet)
            if as_json
            else Progress(plan, checked.document.folder, again, live, given=given, verbose=verbose, quiet=quiet)
        )
        try:
            with live:
                result = start(
                    turns,
                    checked.document.folder,
                    params=params,
                    jobs=jobs,
                    cache=not no_cache,
                    trace=trace,
                    locked=locked,
                    only=only,
                    resume=resume,
                    date=date,
                    origin=origin,
                    on_event=left.before(progress) if watched else progress,
                )
        except KeyboardInterrupt:
            progress.interrupted()
            raise
        progress.summary(result, [finding for finding in checked.findings if finding.code == "MLS417"])
        return result

    with refusals.as_click_errors():
        params = params_from_text(plan, arguments.assignments(pairs, "-p"))
        if backfill is None:
            try:
                return DONE if run_for(date).status == "succeeded" else FINDINGS
            except SkippedRunError as skipped:
                output.say(f"not run: {skipped}", err=True)
                return DONE
        dates = backfill_dates(plan, backfill)
        command = f"mlspec run{again('')}{given}{' --keep-going' if keep_going else ''}"
        runs = Backfill(command, backfill.partition("..")[2].strip(), quiet or as_json, err=as_json)
        return runs.run(dates, run_for, keep_going=keep_going)


def _check_backfill(backfill: str | None, others: dict[str, str | None], *, keep_going: bool) -> None:
    if backfill is None and keep_going:
        raise click.UsageError("--keep-going is for --backfill")
    given = [name for name, value in others.items() if value is not None]
    if backfill is not None and given:
        raise click.UsageError(f"--backfill makes runs of its own, each for its date: leave {given[0]} out")


def _say_what_is_left_out(checked: Checked, plan: Plan, whole: Plan) -> None:
    """Warn of what the spec says and no run here does."""
    from mlspec.engine.undone import undone, without_retraining

    found = undone(plan)
    if (
        whole.monitor is not None
        and whole.monitor.plan is plan
        and whole.monitor.retrain is not None
        and checked.spec is not None
    ):
        found.append(without_retraining(whole.monitor.retrain, checked.spec.span("monitor", "retrain")))
    found = unsuppressed(checked.document, checked.spec, found)
    if found:
        output.findings(found, checked.document.shown, err=True)
