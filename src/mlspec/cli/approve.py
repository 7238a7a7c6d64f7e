"""`mlspec approve`: the answer that a local run waits for."""

from __future__ import annotations

import getpass

import click

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.runner import RunError, Runs
from mlspec.runner.approvals import answer


@click.command("approve")
@click.argument("run")
@click.argument("step")
@click.option("--reject", is_flag=True, help="Refuse it.")
@click.option("--spec", metavar="SPEC", help="The spec; mlspec.yaml by default.")
@arguments.layers
def COMMAND(run: str, step: str, reject: bool, spec: str | None, profile: str | None, sets: tuple[str, ...]) -> int:  # noqa: N802
    """Answer the approval STEP of the local run RUN (an id, or `latest`)."""
    checked = api.check(arguments.one(spec), profile=profile, sets=sets)
    plan = output.planned(checked)
    runs = Runs(plan.lifecycle, plan.store, checked.document.folder.resolve())
    try:
        run_id = answer(runs, run, step, approved=not reject, by=getpass.getuser())
    except RunError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{step} {'refused' if reject else 'approved'} in run {run_id}")
    return 0
