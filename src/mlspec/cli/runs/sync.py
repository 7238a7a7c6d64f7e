"""`mlspec runs sync`: sends MLflow and OpenLineage what they have missed."""

from __future__ import annotations

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.engine.outcome import existing
from mlspec.engine.tracker_sync import Synced, sync
from mlspec.terms import DONE, FINDINGS


@click.command("sync")
@click.argument("run", nargs=-1, metavar="[RUN]...", shell_complete=completion.runs)
@arguments.spec_option
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: tuple[str, ...],
    spec: str | None,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Send MLflow and OpenLineage what they do not know yet of each RUN (ids, or `latest`; default: of all runs).

    A server that was down, or a spec that had no `tracking` when they ran: what steps left in the store is sent now, and what is there
    already stays as it is, however often this is done. Ends with 1 when something could not be sent.
    """
    with refusals.as_click_errors():
        plan, runs = opened(spec, pipeline, profile, sets, include_roots)
        if not plan.is_tracked:
            raise click.UsageError("the spec has neither `tracking` nor `lineage`: there is nobody to tell")
        status, away = DONE, set[str]()
        for run_id in dict.fromkeys(existing(runs, each) for each in run) if run else runs.ids():
            for synced in sync(plan, runs, run_id):
                output.say(_line(run_id, synced), err=synced.failure is not None)
                if synced.failure is not None:
                    status = FINDINGS
                    away.add(synced.tracker)
            if len(away) == (plan.tracking_uri is not None) + (plan.lineage is not None):
                break  # nobody is there for the others either
    return status


def _line(run_id: str, synced: Synced) -> str:
    if synced.failure is not None:
        sent = f"{synced.sent} of {synced.steps} steps sent, then " if synced.sent else ""
        return f"run {run_id}: not sent to {synced.tracker}: {sent}{synced.failure}"
    if not synced.sent:
        return f"run {run_id}: {synced.tracker} knows it all"
    return f"run {run_id}: {synced.sent} of {synced.steps} steps sent to {synced.tracker}"
