"""`mlspec runs report`: a run as one HTML file."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.engine import Runs
from mlspec.ir.model import Plan
from mlspec.terms import DONE


@click.command("report")
@click.argument("run", default="latest", metavar="[RUN]", shell_complete=completion.runs)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Where to; `-` is standard output. [default: LIFECYCLE-RUN.html]",
)
@arguments.spec_option
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: str,
    path: str | None,
    spec: str | None,
    pipeline: str,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Write RUN (an id, or `latest`) as one HTML page that needs nothing else.

    It has the graph with states, times, metrics, the reports and pictures of the steps, parameters, approvals, digests and logs.
    """
    with refusals.as_click_errors():
        plan, runs = opened(spec, pipeline, profile, sets, include_roots)
        name, page = rendered(plan, runs, run)
    if path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(page)
        return DONE
    file = Path(path or name)
    write(file, page)
    output.say(f"wrote {file}")
    return DONE


def rendered(plan: Plan, runs: Runs, run: str) -> tuple[str, bytes]:
    """The page of a run, and what its file is called."""
    from mlspec.history.contents import contents
    from mlspec.history.view import gather
    from mlspec.report import run_html
    from mlspec.store.layout import run_folder

    view = gather(plan, runs, run, now=time.time())
    page = run_html.render(view, contents(view, runs))
    name = run_folder(view.lifecycle, view.run_id).replace("/", "-")
    return f"{name}.html", page.encode("utf-8", "backslashreplace")


def write(file: Path, page: bytes) -> None:
    """Write a page all at once, over what is there."""
    from mlspec.store.files import write as write_whole
    from mlspec.store.filesystem import store_errors

    with refusals.as_click_errors(), store_errors():
        write_whole(file, page, durable=False)
