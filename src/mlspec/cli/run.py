"""`mlspec run`: a lifecycle on this machine, with progress."""

from __future__ import annotations

import click

from mlspec import api
from mlspec.cli import arguments, output


@click.command("run")
@arguments.spec_argument
@click.option("-p", "--param", "pairs", multiple=True, metavar="NAME=VALUE", help="Override a parameter for this run.")
@click.option("--pipeline", type=click.Choice(["lifecycle", "monitor"]), default="lifecycle", help="Which pipeline to run.")
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
) -> int:
    """Run a lifecycle here, in parallel; steps that did not change come from the cache.

    Ends with 1 when the run failed.
    """
    from mlspec.runner import RunError
    from mlspec.runner import run as start
    from mlspec.runner.environments import EnvironmentBuildError
    from mlspec.runner.params import ParameterError, params_from_text

    checked = api.check(arguments.one(spec), profile=profile, sets=sets)
    plan = arguments.pipeline(output.planned(checked), pipeline)
    from mlspec.cli.progress import Progress

    progress = Progress(plan, verbose=verbose, quiet=quiet)
    try:
        params = params_from_text(plan, arguments.assignments(pairs, "-p"))
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
    except (ParameterError, RunError) as error:
        raise click.UsageError(str(error)) from None
    except EnvironmentBuildError as error:
        raise click.ClickException(str(error)) from None
    progress.summary(result)
    return 0 if result.status == "succeeded" else 1
