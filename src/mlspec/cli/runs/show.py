"""`mlspec runs show`: what became of one run, or of one of its steps."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.diagnostics.printable import json_document
from mlspec.expr.values import as_text
from mlspec.history import words
from mlspec.history.as_json import run_json, step_json
from mlspec.history.model import File, RunView, StepView
from mlspec.history.view import gather
from mlspec.terms import DONE, FINDINGS, Json

_MOST = 30
"""Rows of a table; `--format json` has all."""
_FOLDED = 10
"""Of more instances, those that succeeded are one row."""

Rows = Sequence[Sequence[str]]


@click.command("show")
@click.argument("run", default="latest", metavar="[RUN]", shell_complete=completion.runs)
@click.argument("step", required=False, metavar="[STEP]", shell_complete=completion.steps)
@arguments.spec_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: str,
    step: str | None,
    spec: str | None,
    form: str,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Show what became of RUN (an id, or `latest`): its steps, metrics, parameters and outputs; or all that is known of its STEP.

    A step that an orchestrator never started has no record; its state follows from the spec.
    """
    with refusals.as_click_errors():
        plan, runs = opened(spec, pipeline, profile, sets, include_roots)
        view = gather(plan, runs, run, now=time.time())
    chosen = _chosen(view, step) if step is not None else None
    if form == "json":
        document = run_json(view) if chosen is None else {each.id: step_json(each) for each in chosen}
        click.echo(json_document(document))
    elif chosen is not None and len(chosen) == 1:
        output.say("\n".join(_step(chosen[0])))
    elif chosen is not None:
        output.say(output.table(_steps(chosen)))
    else:
        output.say("\n".join(_run(view)))
    for damage in view.damage:
        output.say(f"Error: {damage}", err=True)
    return FINDINGS if view.damage else DONE


def _chosen(view: RunView, step: str) -> Sequence[StepView]:
    found = [each for each in view.steps.values() if step in (each.id, each.group, each.name)]
    arguments.known("step", step, [step] if found else list(view.steps))
    return [each for each in found if each.id == step] or found


def _run(view: RunView) -> Iterator[str]:
    yield f"run {view.run_id} {view.status}"
    yield output.table(list(_facts(view)), indent="  ")
    yield from _section("steps", _steps(view.steps.values(), fold=True))
    yield from _section("metrics", _cut([(address, words.figure(value)) for address, value in view.metrics.items()]))
    made = [(f"{step.id}.{file.name}", file) for step in view.steps.values() for file in step.outputs]
    yield from _section("outputs", _cut([_file(address, file) for address, file in made]))
    for approval in view.approvals:
        answer = f"{approval.status} by {approval.by} at {words.moment(approval.answered)}" if approval.by else approval.status
        yield f"approval {approval.step}: {answer}"
    yield from view.problems
    for warning in view.warnings:
        yield f"warning: {warning}"


def _facts(view: RunView) -> Iterator[tuple[str, str]]:
    if view.started:
        so_far = "so far " if view.status == "running" else ""
        yield "started", f"{words.moment(view.started)} UTC, {so_far}{words.took(view.seconds)}"
    if view.date and view.started and _is_another(view.date, view.started):
        yield "for", f"{words.moment(view.date)} UTC"
    if view.resumed:
        yield "resumed", f"{words.moment(view.resumed)} UTC"
    if not view.here:
        yield "made by", "an orchestrator"
    if view.only:
        yield "only", view.only
    yield "spec", " ".join(filter(None, (view.spec_file, words.digest(view.code.get("spec_digest")))))
    for name, value in view.code.items():
        if name != "spec_digest":
            yield name, as_text(value)
    if view.params:
        yield "params", _pairs(view.params.items())


def _is_another(date: str, started: str) -> bool:
    """Whether a run is for another time than that of its start, which it takes a moment before."""
    try:
        return abs((datetime.fromisoformat(date) - datetime.fromisoformat(started)).total_seconds()) > 60
    except (ValueError, TypeError):  # somebody has edited the record
        return True


def _pairs(values: Iterable[tuple[str, Json]]) -> str:
    return ", ".join(f"{name}={words.figure(value)}" for name, value in values)


def _section(title: str, rows: Rows) -> Iterator[str]:
    if rows:
        yield f"\n{title}"
        yield output.table(rows, indent="  ")


def _cut(rows: Rows) -> Rows:
    if len(rows) <= _MOST:
        return rows
    blank = [""] * (len(rows[0]) - 1)
    return [*rows[:_MOST], (f"and {len(rows) - _MOST} more", *blank)]


def _steps(steps: Iterable[StepView], *, fold: bool = False) -> Rows:
    groups: dict[str, list[StepView]] = {}
    for step in steps:
        groups.setdefault(step.name, []).append(step)
    rows = []
    for name, members in groups.items():
        folded = fold and len(members) > _FOLDED
        if folded:
            rows.append((f"{name}[…]", words.counts(members), "", f"{len(members)} instances"))
        shown = [step for step in members if not folded or step.status in ("failed", "running")][: _MOST if folded else None]
        rows += [
            (step.id, "damaged" if step.damaged else step.status, words.took(step.seconds), words.note(step)) for step in shown
        ]
    return rows


def _file(name: str, file: File) -> tuple[str, str, str, str]:
    return name, file.type, _near(file), words.digest(file.digest)


def _near(file: File) -> str:
    """Where a file is, as it can be typed here."""
    path = Path(file.place or file.uri)
    return os.path.relpath(path) if path.is_absolute() and path.is_relative_to(Path.cwd()) else file.place or file.uri


def _step(step: StepView) -> Iterator[str]:
    yield f"{step.id} {'damaged' if step.damaged else step.status}"
    facts = [("started", f"{words.moment(step.started)} UTC")] if step.started else []
    facts += [("took", words.took(step.seconds))] if step.seconds is not None else []
    facts += [("attempts", str(step.attempts))] if step.attempts else []
    facts += [("exit code", str(step.exit_code))] if step.exit_code is not None else []
    facts += [("from the cache", f"of run {step.cached_from}")] if step.cached_from is not None else []
    yield output.table(facts, indent="  ")
    if step.error:
        yield f"\nerror\n  {step.error.strip()}"
    yield from _section("with", [(name, as_text(value)) for name, value in step.with_.items()])
    yield from _section("inputs", [(file.name, file.uri, file.digest or "") for file in step.inputs])
    yield from _section("outputs", [(file.name, file.type, _near(file), file.digest or "") for file in step.outputs])
    yield from _section("metrics", [(name, as_text(value)) for name, value in step.metrics.items()])
