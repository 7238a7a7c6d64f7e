"""`mlspec plan`: the graph that a spec describes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlspec import api
from mlspec.cli import arguments, completion, output
from mlspec.durations import rough_text
from mlspec.ir.model import Plan
from mlspec.report import FORMS, Beside, render
from mlspec.terms import DONE, Json

if TYPE_CHECKING:
    from mlspec.engine.foresight import Foreseen
    from mlspec.ir.estimate import Estimate


@click.command("plan")
@arguments.spec_argument
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How to show it.")
@click.option("--pipeline", type=click.Choice(["lifecycle", "monitor"]), default="lifecycle", help="Which pipeline to show.")
@click.option(
    "-t",
    "--target",
    "name",
    metavar="TARGET",
    shell_complete=completion.targets,
    help="Also say which steps wait for others there without need.",
)
@click.option(
    "--cached", is_flag=True, help="Say for each step whether a run would do it, and what has changed since it was made."
)
@click.option(
    "-p",
    "--param",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completion.parameters,
    help="With --cached: a parameter of that run.",
)
@arguments.layers
def COMMAND(  # noqa: N802
    spec: str | None,
    form: str,
    pipeline: str,
    name: str | None,
    cached: bool,
    pairs: tuple[str, ...],
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Show the graph, its order, its longest chain, and how long it took before."""
    if name is not None:
        from mlspec.targets.base import targets

        arguments.known("target", name, targets())
        if form != "text":
            raise click.UsageError("--target goes with --format text")
    if cached and form not in ("text", "json"):
        raise click.UsageError("--cached goes with --format text or json")
    if pairs and not cached:
        raise click.UsageError("--param is for --cached: a plan is the same for all parameters")
    checked = api.check(arguments.one(spec), profile=profile, sets=sets, include_roots=include_roots)
    whole = output.planned(checked)
    plan = arguments.pipeline(api.lower(whole), pipeline)
    own, folder = arguments.pipeline(whole, pipeline), checked.document.folder
    found = _foreseen(own, folder, pairs) if cached else {}
    beside = _beside(own, folder, found) if form in ("text", "json") else None
    click.echo(render(plan, form, beside), nl=False)
    if name is not None:
        output.say(_waits(plan, name))
    return DONE


def _foreseen(plan: Plan, folder: Path, pairs: tuple[str, ...]) -> Mapping[str, Foreseen]:
    """What a run of the plan would take from the cache: it is the plan that is run here, which no target has a say in."""
    from mlspec.cli import refusals
    from mlspec.engine.foresight import foresee
    from mlspec.engine.params import params_from_text

    with refusals.as_click_errors():
        return foresee(plan, folder, params=params_from_text(plan, arguments.assignments(pairs, "-p")))


def _beside(plan: Plan, folder: Path, found: Mapping[str, Foreseen]) -> Beside:
    """What is known beside the plan: how long its steps took, and what a run would take from the cache."""
    keys: dict[str, dict[str, Json]] = {step.id: {} for step in plan.all_steps()}
    lines: dict[str, list[str]] = {}
    if found:
        from mlspec.engine.foresight import sentences

        for step in plan.steps:
            keys[step.id]["cached"] = (
                found[step.id].as_json() if step.id in found else {"instances": _instances(found, step.id)}
            )
            lines[step.id] = sentences(found, step)
    if not (folder / plan.store).is_dir():  # there has been no run here
        return Beside(lines, keys)
    from mlspec.engine.history import past
    from mlspec.ir.estimate import estimate

    known = past(plan, folder)
    jobs = os.cpu_count() or 1
    over = {name for name, one in found.items() if one.would != "run"}
    expected = estimate(plan, {name: one.seconds for name, one in known.items()}, jobs, over)
    if expected is None:
        return Beside(lines, keys)
    for step_id, one in known.items():
        keys[step_id]["expected"] = {"seconds": one.seconds, "runs": one.runs}
    notes = {step_id: rough_text(one.seconds) for step_id, one in known.items()}
    return Beside(lines, keys, notes, _closing(expected, jobs), {"expected": {**expected._asdict(), "jobs": jobs}})


def _instances(found: Mapping[str, Foreseen], step_id: str) -> dict[str, Json]:
    return {name: one.as_json() for name, one in found.items() if name.startswith(f"{step_id}[")}


def _closing(expected: Estimate, jobs: int) -> str:
    path = f"; {' → '.join(expected.path)} alone takes {rough_text(expected.path_seconds)}" if expected.path else ""
    unknown = f"; not known of {_few(expected.unknown)}" if expected.unknown else ""
    return f"a run takes {rough_text(expected.seconds)}, {jobs} steps at a time, as far as past runs tell{path}{unknown}"


def _few(ids: Sequence[str]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")


_NAMED = 3
"""How many steps a line names."""


def _waits(plan: Plan, name: str) -> str:
    from mlspec.targets.base import targets

    found = targets()[name].waits(plan)
    if not found:
        return f"\n{name}: every step starts as soon as what it needs has ended"
    return f"\n{name}: these steps also wait for others that they do not need\n" + output.table(
        list(found.items()), indent="  "
    )
