"""`mlspec run`: a lifecycle on this machine, with progress."""

from __future__ import annotations

import click

from mlspec import api
from mlspec.cli import arguments, output
from mlspec.terms import DONE, FINDINGS


@click.command("run")
@arguments.spec_argument
@click.option("-p", "--param", "pairs", multiple=True, metavar="NAME=VALUE", help="Override a parameter for this run.")
@arguments.which_pipeline
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="How many steps may run at once [default: one a CPU].")
@click.option("--resume", metavar="RUN", help="Do the rest of an earlier run.")
@click.option("--no-cache", is_flag=True, help="Run every step, whatever earlier runs made.")
@click.option("--only", metavar="STEP", help="Run one step, on the newest outputs of the steps before it.")
@click.option("-v", "--verbose", is_flag=True, help="Print what steps print.")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
@arguments.layers
def COMMAND(  # noqa: N802
    spec: str | None,
    pairs: tuple[str, ...],
    pipeline: str,
    jobs: int | None,
    resume: str | None,
    no_cache: bool,
    only: str | None,
    verbose: bool,
    quiet: bool,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
) -> int:
    """Run a lifecycle here, in parallel; steps that did not change come from the cache.

    Ends with 1 when the run failed, and with 130 when it was interrupted.

    Ctrl-C and the signals TERM, HUP and QUIT end all steps; `finally` steps do not start then, for it is `--resume` that does the
    rest, and them at its end.
    """
    from mlspec.cli import refusals
    from mlspec.cli.progress import Progress
    from mlspec.engine import run as start
    from mlspec.engine.params import params_from_text

    path = arguments.one(spec)
    checked = api.check(path, profile=profile, sets=sets, include_roots=include_roots)
    plan = arguments.pipeline(output.planned(checked), pipeline)

    def again(option: str) -> str:
        return arguments.again(path, pipeline, profile, sets, include_roots, option=option)

    progress = Progress(plan, checked.document.folder, again, verbose=verbose, quiet=quiet)
    with refusals.as_click_errors():
        params = params_from_text(plan, arguments.assignments(pairs, "-p"))
        try:
            result = start(
                plan,
                checked.document.folder,
                params=params,
                jobs=jobs,
                cache=not no_cache,
                only=only,
                resume=resume,
                on_event=progress,
            )
        except KeyboardInterrupt:
            progress.interrupted()
            raise
    progress.summary(result)
    return DONE if result.status == "succeeded" else FINDINGS
