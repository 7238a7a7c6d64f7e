"""`mlspec runs gc`: removes runs that nobody needs, and what killed processes left."""

from __future__ import annotations

from decimal import Decimal

import click

from mlspec.cli import arguments, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.diagnostics.printable import json_document
from mlspec.durations import seconds_of
from mlspec.engine.cleanup import Bounds, Cleanup, clean, find_cleanup
from mlspec.quantities import amount
from mlspec.terms import DONE, FINDINGS, Json

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP = 1000


def _duration(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    seconds = seconds_of(text)
    if seconds is None:
        raise click.BadParameter(f"{text!r} is no duration: write 30d, 12h or 90m")
    return seconds


def _size(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(amount(text.removesuffix("B") or text))
    except ValueError:
        raise click.BadParameter(f"{text!r} is no size: write 10G, 500M or 2Gi") from None


@click.command("gc")
@arguments.spec_argument
@click.option("--keep", type=click.IntRange(0), metavar="N", help="Let the newest N runs stay.")
@click.option(
    "--older", callback=_duration, metavar="DURATION", help="Let runs stay that began less than DURATION ago: 30d, 12h."
)
@click.option("--max-size", callback=_size, metavar="SIZE", help="Remove the oldest runs until what stays has SIZE: 10G, 500M.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing [default].")
@click.option("--yes", is_flag=True, help="Do it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    spec: str | None,
    keep: int | None,
    older: float | None,
    max_size: int | None,
    dry_run: bool,
    yes: bool,
    form: str,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Remove runs from the store, and what killed processes left there; without --yes, say what would go.

    --keep and --older say which runs stay in any case. All others go, with --max-size only as many of them as it takes, the oldest
    first. Without any of the three only leftovers go.

    A run stays whatever is said where it is in progress, a registered version or the last deployment came from it, or a run that stays
    took outputs from it.
    """
    if yes and dry_run:
        raise click.UsageError("--yes does what --dry-run only says: give one of them")
    with refusals.as_click_errors():
        plan, runs = opened(spec, pipeline, profile, sets, include_roots)
        found = find_cleanup(plan, runs, Bounds(keep, older, max_size))
        problems = clean(plan, runs, found) if yes else []
    if form == "json":
        click.echo(json_document(_as_json(found, problems, done=yes)))
    else:
        _say(found, problems, done=yes)
    return FINDINGS if problems else DONE


def _say(found: Cleanup, problems: list[str], *, done: bool) -> None:
    if found.going:
        output.say("removed" if done else "would be removed")
        output.say(output.table([(run.run_id, run.started, _bytes(run.size)) for run in found.going], indent="  "))
    if found.needed:
        output.say("stays all the same")
        output.say(output.table(list(found.needed.items()), indent="  "))
    for note in (*found.notes, *problems):
        output.say(f"warning: {note}", err=True)
    rest = len(found.litter) + len(found.scratch)
    counts = [f"{len(found.going)} run{'s' if len(found.going) != 1 else ''}"]
    counts += [f"{rest} leftover{'s' if rest != 1 else ''}"] if rest else []
    if not found.going and not rest:
        output.say(f"nothing to remove: what is there has {_bytes(found.left)}")
        return
    output.say(f"{' and '.join(counts)}: {_bytes(found.freed)} {'freed' if done else 'to be freed'}, {_bytes(found.left)} left")
    if not done:
        output.say("to do it, add --yes")


def _as_json(found: Cleanup, problems: list[str], *, done: bool) -> Json:
    return {
        "version": 1,
        "done": done,
        "runs": [{"run_id": run.run_id, "started": run.started, "bytes": run.size} for run in found.going],
        "needed": dict(found.needed),
        "leftovers": [*found.litter, *map(str, found.scratch)],
        "bytes_freed": found.freed,
        "bytes_left": found.left,
        "notes": list(found.notes),
        "problems": problems,
    }


def _bytes(count: int) -> str:
    amount, unit = Decimal(count), 0
    while amount >= _STEP and unit < len(_UNITS) - 1:
        amount, unit = amount / _STEP, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{count} B"
