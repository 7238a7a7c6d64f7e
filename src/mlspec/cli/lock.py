"""`mlspec lock`: pins environments and inputs, or says what is not as it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlspec.cli import arguments, output
from mlspec.diagnostics import in_order
from mlspec.diagnostics.render import FORMATS, Format
from mlspec.environments.resolve import PLATFORMS
from mlspec.terms import DONE, FINDINGS

if TYPE_CHECKING:
    from mlspec.checking.locking import Wanted, Wish
    from mlspec.diagnostics import Diagnostic


@click.command("lock")
@arguments.specs_argument
@click.option("--check", is_flag=True, help="Write nothing, ask no index; end with 1 when something is not as the lock says.")
@click.option("--remote", is_flag=True, help="With --check: fetch inputs from other machines too, and look at what they are.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    type=click.Choice([*PLATFORMS, "any"]),
    help="Lock for this platform; repeat for several [default: those of the lock, else any].",
)
@click.option(
    "-c",
    "--constraint",
    "constraints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="Take the versions that this file has, of what is needed.",
)
@click.option("--upgrade", is_flag=True, help="Take the newest versions that fit, and not those of the lock.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@arguments.include_roots
def COMMAND(  # noqa: N802
    specs: tuple[str, ...],
    check: bool,
    remote: bool,
    platforms: tuple[str, ...],
    constraints: tuple[str, ...],
    upgrade: bool,
    form: Format,
    quiet: bool,
    include_roots: tuple[str, ...],
) -> int:
    """Pin the environments of specs, with hashes, and the files and URIs that their steps read, by digest.

    Writes mlspec.lock and locks/ENVIRONMENT.txt beside each spec, for all its profiles; `mlspec run`, `compile` and `env` take what
    is there. Versions stay as they are until --upgrade, or until requirements do not allow them any more.
    """
    from mlspec.checking.locking import Wish, stale, wanted

    if check and (platforms or constraints or upgrade):
        raise click.UsageError("--check makes no lock: leave --platform, --constraint and --upgrade out")
    if remote and not check:
        raise click.UsageError("--remote is for --check")
    wish = Wish(
        None if not platforms else [name for name in platforms if name != "any"], [Path(name) for name in constraints], upgrade
    )
    paths = arguments.paths(specs)
    status, findings, sources = DONE, list["Diagnostic"](), dict[str, str]()
    for path in paths:
        asked, checked = wanted(path, include_roots)
        sources.update(checked.document.shown)
        if asked is None:
            found = [finding for finding in checked.findings if finding.severity == "error"]
        elif check:
            sources.update(asked.sources)
            found = stale(asked, remote=remote)
            if not found and not quiet and form == "text":
                output.say(f"{path}: as locked")
        else:
            found = _make(asked, wish, quiet=quiet or form != "text")
        findings += found
        status = FINDINGS if found else status
    if findings or form != "text":
        output.findings(in_order(findings), sources, form, read=len(paths))
    return status


def _make(asked: Wanted, wish: Wish, *, quiet: bool) -> list[Diagnostic]:
    """Write the lock of one spec and say what has changed; the findings, where it cannot be made."""
    from mlspec.checking.locking import make
    from mlspec.generated.lock_files import write_lock

    made = make(asked, wish, lambda name: None if quiet else output.say(f"resolving {name}", err=True))
    if made.findings:
        return made.findings
    folder = asked.base.document.folder
    for name, change in write_lock(folder, made.files, made.gone).items():
        if not quiet:
            output.say(f"{(folder / name).as_posix()}: {change}")
            for line in made.changes.get(name, []) if change == "updated" else ():
                output.say(f"  {line}")
    return []
