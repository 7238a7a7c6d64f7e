"""`mlspec open`: a run's report, in a browser."""

from __future__ import annotations

from contextlib import suppress

import click

from mlspec.cli import arguments, completion, output, refusals
from mlspec.cli.runs.opened import opened
from mlspec.cli.runs.report import rendered, write
from mlspec.terms import DONE


@click.command("open")
@click.argument("run", default="latest", metavar="[RUN]", shell_complete=completion.runs)
@arguments.spec_option
@arguments.which_pipeline
@arguments.layers
def COMMAND(  # noqa: N802
    run: str, spec: str | None, pipeline: str, profile: str | None, sets: tuple[str, ...], include_roots: tuple[str, ...]
) -> int:
    """Open the report of RUN (an id, or `latest`) in a browser; without one, say where it is.

    The page is written to `.mlspec/reports` beside the spec. BROWSER names another browser.
    """
    import webbrowser

    with refusals.as_click_errors():
        plan, runs = opened(spec, pipeline, profile, sets, include_roots)
        name, page = rendered(plan, runs, run)
    file = runs.project / ".mlspec" / "reports" / name
    write(file, page)
    output.say(str(file))
    with suppress(webbrowser.Error, OSError):  # its path has been printed
        webbrowser.open(file.as_uri())
    return DONE
