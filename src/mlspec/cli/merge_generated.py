"""`mlspec merge-generated`: git's merge driver for generated files."""

from __future__ import annotations

from pathlib import Path

import click

from mlspec.cli import output
from mlspec.terms import DONE, FINDINGS


@click.command("merge-generated")
@click.argument("files", nargs=-1, metavar="[BASE OURS THEIRS [PATH]]", type=click.Path())
@click.option(
    "--install", is_flag=True, help="Name this driver in the settings of the repository here; each clone needs it once."
)
def COMMAND(files: tuple[str, ...], install: bool) -> int:  # noqa: N802
    """Merge two changes of a generated file, as git's driver `mlspec-generated` for `pipelines/**` in .gitattributes.

    The ends of lines are no conflict, and what is one is said with its remedy: `mlspec compile` writes what the merged spec says.
    """
    if install:
        return _install()
    if not 3 <= len(files) <= 4:
        raise click.UsageError("git calls this with BASE OURS THEIRS PATH; --install names it in a repository's settings")
    from mlspec.generated.merging import merged

    base, ours, theirs = (Path(name).read_bytes().decode("utf-8", "surrogateescape") for name in files[:3])
    try:
        text, conflict = merged(base, ours, theirs)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    Path(files[1]).write_bytes(text.encode("utf-8", "surrogateescape"))
    name = files[3] if len(files) == 4 else files[1]
    if conflict:
        output.say(f"{name}: both sides changed the same lines; `mlspec compile` makes it again", err=True)
    return FINDINGS if conflict else DONE


def _install() -> int:
    from mlspec.source.git_merge import DRIVER, set_up_driver

    if not set_up_driver(Path.cwd()):
        raise click.ClickException("there is no git repository here, or no git")
    output.say(f"merge.{DRIVER} is set up in this repository")
    return DONE
