"""`mlspec approve`: the answer that a local run waits for."""

from __future__ import annotations

import getpass
import os

import click

from mlspec import api
from mlspec.cli import arguments, completion, output, refusals
from mlspec.engine import Runs
from mlspec.engine.approvals import answer
from mlspec.terms import DONE


@click.command("approve")
@click.argument("run", shell_complete=completion.runs)
@click.argument("step", shell_complete=completion.approvals)
@click.option("--reject", is_flag=True, help="Refuse it.")
@arguments.spec_option
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: str,
    step: str,
    reject: bool,
    spec: str | None,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Answer the approval STEP of the local run RUN (an id, or `latest`).

    The record of the step says who answered, when, and what they saw.
    """
    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    plan = arguments.pipeline(output.planned(checked), pipeline)
    with refusals.as_click_errors():
        runs = Runs(plan.lifecycle, plan.store, checked.document.folder.resolve())
        run_id = answer(runs, run, step, approved=not reject, by=who())
    output.say(f"{step} {'refused' if reject else 'approved'} in run {run_id}")
    return DONE


def who() -> str:
    """The person at this terminal, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user number may have no name
        return f"user {os.getuid()}"
