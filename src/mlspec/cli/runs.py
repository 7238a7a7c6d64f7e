"""`mlspec runs`: what ran, and how it ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import click

from mlspec import api
from mlspec.cli import arguments, output, refusals
from mlspec.diagnostics.printable import in_json
from mlspec.engine import Runs
from mlspec.engine import outcome as read
from mlspec.errors import DamagedError
from mlspec.ir.model import Plan
from mlspec.terms import DONE, Json, RunStatus


@click.group("runs")
def COMMAND() -> None:  # noqa: N802
    """List and show the runs in a store: those made here, and those that an orchestrator made."""


class Row(NamedTuple):
    """A run in the list. One that is damaged counts as failed, for nobody can tell that it succeeded."""

    run_id: str
    status: RunStatus
    steps: Mapping[str, int]
    error: str | None = None

    def as_json(self) -> Json:
        """The value that `--format json` prints; `error` is there for damaged runs only."""
        shown = {"run_id": self.run_id, "status": self.status, "steps": dict(self.steps)}
        return shown if self.error is None else {**shown, "error": self.error}

    def cells(self) -> tuple[str, str, str]:
        """What a line shows."""
        if self.error is not None:
            return self.run_id, "damaged", self.error
        return self.run_id, self.status, ", ".join(f"{number} {state}" for state, number in self.steps.items())


@COMMAND.command("list")
@arguments.spec_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@arguments.which_pipeline
@arguments.layers
def list_(
    spec: str | None, form: str, pipeline: str, profile: str | None, sets: tuple[str, ...], include_roots: tuple[str, ...]
) -> int:
    """List all runs, the newest last."""
    rows: list[Row] = []
    with refusals.as_click_errors():
        plan, runs = _open(spec, pipeline, profile, sets, include_roots)
        for run_id in runs.ids():
            try:
                result = read(plan, runs, run_id)
            except DamagedError as error:  # this run's fault alone
                rows.append(Row(run_id, "failed", {}, str(error)))
            else:
                rows.append(Row(run_id, result.status, Counter(step.status for step in result.steps.values())))
    if form == "json":
        click.echo(json.dumps([row.as_json() for row in rows], indent=2))
    elif rows:
        output.say(output.table([row.cells() for row in rows]))
    else:
        click.echo("no runs yet")
    return DONE


@COMMAND.command("show")
@click.argument("run", default="latest", metavar="[RUN]")
@click.option("--spec", metavar="SPEC", type=click.Path(), help="The spec; mlspec.yaml by default.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@arguments.which_pipeline
@arguments.layers
def show(
    run: str,
    spec: str | None,
    form: str,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Show how every step of RUN (an id, or `latest`) ended.

    A step that an orchestrator never started has no record; its state follows from the spec.
    """
    with refusals.as_click_errors():
        plan, runs = _open(spec, pipeline, profile, sets, include_roots)
        result = read(plan, runs, run)
    if form == "json":
        click.echo(in_json(json.dumps(result.as_json(), indent=2, ensure_ascii=False)))
        return DONE
    output.say(f"run {result.run_id} {result.status}")
    rows = []
    for step_id, step in result.steps.items():
        reason = (step.record or {}).get("error") or ""
        attempts = f"{step.attempts} attempts" if step.attempts > 1 else ""
        rows.append((step_id, step.status, attempts, str(reason).split("\n")[0]))
    output.say(output.table(rows, indent="  "))
    return DONE


def _open(
    spec: str | None, pipeline: str, profile: str | None, sets: tuple[str, ...], include_roots: tuple[str, ...]
) -> tuple[Plan, Runs]:
    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    # Advice on the spec is no matter of what ran.
    plan = arguments.pipeline(checked.plan or output.planned(checked), pipeline)
    return plan, Runs(plan.lifecycle, plan.store, checked.document.folder.resolve())
