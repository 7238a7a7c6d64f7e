"""`mlspec reproduce`: a past run, done again in a clean folder, and what it came to beside what it was."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.diagnostics.printable import json_document
from mlspec.terms import DONE, FINDINGS, Json

if TYPE_CHECKING:
    from mlspec.checking.reproducing import Reproduction
    from mlspec.engine.events import Event

_SHORT = 19
"""Characters of a digest that a table shows."""


@click.command("reproduce")
@click.argument("run", metavar="RUN", shell_complete=completion.runs)
@arguments.spec_option
@click.option(
    "--keep", metavar="DIR", type=click.Path(file_okay=False), help="Work in DIR, which must be new, and leave it there."
)
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="How many steps may run at once [default: one a CPU].")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: str,
    spec: str | None,
    keep: str | None,
    jobs: int | None,
    form: str,
    quiet: bool,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Do RUN (an id, or `latest`) again from its record, in a clean clone of its commit, and compare the digests of all outputs.

    Approvals, `finally` and steps of the stage `service` are not done again. Ends with 1 when something differs. The spec says only
    where runs are: what is run is that of the commit.
    """
    from mlspec.checking.reproducing import NotReproducibleError, reproduce

    if keep is not None and Path(keep).exists():
        raise click.UsageError(f"there is a {keep} already")
    _, runs = opened(spec, pipeline, profile, sets, include_roots)
    with tempfile.TemporaryDirectory(prefix="mlspec-reproduce-") as scratch, refusals.as_click_errors():
        folder = Path(keep).absolute() if keep is not None else Path(scratch, "project")
        try:
            found = reproduce(runs, run, folder, jobs=jobs, on_event=None if quiet else _show)
        except NotReproducibleError as error:
            raise click.ClickException(str(error)) from None
    if form == "json":
        click.echo(json_document(_as_json(found)))
    else:
        _print(found)
    return DONE if found.same else FINDINGS


def _show(event: Event) -> None:
    """The little that is worth saying of a run whose results are all that counts."""
    from mlspec.engine.events import EnvironmentBuilding, StepEnded

    if isinstance(event, EnvironmentBuilding):
        output.say(f"building the environment {event.name}", err=True)
    elif isinstance(event, StepEnded):
        output.say(f"{event.step} {event.status}" + (f": {event.error}" if event.error else ""), err=True)


def _print(found: Reproduction) -> None:
    for note in found.notes:
        output.say(f"note: {note}")
    rows = [("step", "what", "then", "now", "")]
    rows += [
        (one.step, one.name, one.then[:_SHORT], (one.now or "missing")[:_SHORT], "same" if one.same else "DIFFERENT")
        for one in found.compared
    ]
    output.say(output.table(rows))
    for step, reason in found.left_out.items():
        output.say(f"not done again: {step}: {reason}")
    differing = sum(not one.same for one in found.compared)
    said = f"{differing} of {len(found.compared)} differ" if differing else f"all {len(found.compared)} are the same"
    said = said if found.compared else "it made nothing that can be compared"
    output.say(f"run {found.run_id} at {found.commit[:12]}: {said}")


def _as_json(found: Reproduction) -> Json:
    return {
        "run_id": found.run_id,
        "commit": found.commit,
        "same": found.same,
        "status": found.status,
        "compared": [
            {"step": one.step, "name": one.name, "then": one.then, "now": one.now, "same": one.same} for one in found.compared
        ],
        "not_repeated": dict(found.left_out),
        "notes": list(found.notes),
    }
