"""`mlspec approve`: the answer that a local run waits for."""

from __future__ import annotations

import getpass
import os

import click

from mlspec import api
from mlspec.cli import arguments, output, refusals
from mlspec.engine import Runs
from mlspec.engine.approvals import answer
from mlspec.terms import DONE


@click.command("approve")
@click.argument("run")
@click.argument("step")
@click.option("--reject", is_flag=True, help="Refuse it.")
@click.option("--spec", metavar="SPEC", type=click.Path(), help="The spec; mlspec.yaml by default.")
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
    """Answer the approval STEP of the local run RUN (an id, or `latest`)."""
    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    plan = arguments.pipeline(output.planned(checked), pipeline)
    with refusals.as_click_errors():
        runs = Runs(plan.lifecycle, plan.store, checked.document.folder.resolve())
        run_id = answer(runs, run, step, approved=not reject, by=_who())
    output.say(f"{step} {'refused' if reject else 'approved'} in run {run_id}")
    return DONE


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user number may have no name
        return f"user {os.getuid()}"
