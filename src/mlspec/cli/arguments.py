"""Arguments and options that commands share, and how they become paths and values.

In: arguments. Out: paths, checked specs. Owns the default `mlspec.yaml` and the meaning of a folder or a glob.
Never prints but for wrong usage. Change it when specs are named in another way.
"""

from __future__ import annotations

import glob
import os
import shlex
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlspec.cli import completion

if TYPE_CHECKING:
    from mlspec.ir.model import Plan

DEFAULT = "mlspec.yaml"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def spec_argument(command: _Command) -> _Command:
    """One SPEC, `mlspec.yaml` when it is not given."""
    return click.argument("spec", required=False, metavar="[SPEC]", type=click.Path())(command)


def spec_option(command: _Command) -> _Command:
    """`--spec`, where the arguments name something else: runs, steps, environments."""
    return click.option("--spec", metavar="SPEC", type=click.Path(), help="The spec; mlspec.yaml by default.")(command)


def specs_argument(command: _Command) -> _Command:
    """Any number of SPECs."""
    return click.argument("specs", nargs=-1, metavar="[SPEC]...", type=click.Path())(command)


def include_roots(command: _Command) -> _Command:
    """`--include-root`."""
    return click.option(
        "--include-root",
        "include_roots",
        multiple=True,
        metavar="DIR",
        type=click.Path(file_okay=False),
        help="Also let files be included from DIR, outside the git work tree.",
    )(command)


def layers(command: _Command) -> _Command:
    """`--profile`, `--set` and `--include-root`."""
    command = include_roots(command)
    command = click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a value of the spec, such as steps.train.with.depth=6.",
    )(command)
    return click.option(
        "--profile", metavar="NAME", shell_complete=completion.profiles, help="Merge this profile over the spec."
    )(command)


def locked(command: _Command) -> _Command:
    """`--locked`."""
    return click.option(
        "--locked",
        is_flag=True,
        help="Take nothing but what is locked: stop where the lock is missing or stale [see mlspec lock].",
    )(command)


def which_pipeline(command: _Command) -> _Command:
    """`--pipeline`."""
    return click.option(
        "--pipeline",
        type=click.Choice(["lifecycle", "monitor"]),
        default="lifecycle",
        help="Which pipeline of the spec is meant.",
    )(command)


def again(
    path: str, pipeline: str, profile: str | None, sets: Iterable[str], include_roots: Iterable[str], *, option: str = ""
) -> str:
    """The arguments that name the same spec again, for a shell; none where a bare command finds it. `option` goes before the spec."""
    arguments = [option, path] if Path(path) != Path(DEFAULT) else []
    arguments += ["--pipeline", pipeline] if pipeline != "lifecycle" else []
    arguments += ["--profile", profile] if profile is not None else []
    arguments += [argument for assignment in sets for argument in ("--set", assignment)]
    arguments += [argument for root in include_roots for argument in ("--include-root", root)]
    return "".join(f" {shlex.quote(argument)}" for argument in arguments if argument)


def one(argument: str | None) -> str:
    """The one spec that is meant: of a folder its own, if it has one."""
    if argument and _mode(Path(argument, DEFAULT)) is not None:
        return str(Path(argument, DEFAULT))
    found = paths([argument] if argument else [])
    if len(found) > 1:
        raise click.UsageError(f"{argument} stands for {len(found)} specs; name one")
    return found[0]


def paths(arguments: Iterable[str]) -> list[str]:
    """The spec files that arguments name: files, folders (each `mlspec.yaml` in and below them), globs."""
    result: list[str] = []
    for argument in list(arguments) or [DEFAULT]:
        result += _named(argument)
    return list({os.path.normpath(path): path for path in reversed(result)}.values())[::-1]


def in_repository(arguments: Iterable[str], named: Iterable[str]) -> list[str]:
    """The other specs of the repositories in which folders and globs are named; none where there is none."""
    tops = set[Path]()
    for argument in arguments:
        here = Path(argument)
        folder = _is_folder(here)
        if glob.has_magic(argument) or folder:
            start = Path(os.path.realpath(here if folder else os.curdir))
            tops.update(top for top in (start, *start.parents) if (top / ".git").exists())
    known = {os.path.realpath(path) for path in named}
    found = [path for top in sorted(tops) for path in _below(str(top)) if os.path.realpath(path) not in known]
    return [os.path.relpath(path) for path in dict.fromkeys(found)]


def _is_folder(path: Path) -> bool:
    """Whether it is one; a name that the system does not take is none, which its reader says."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _named(argument: str) -> list[str]:
    mode = _mode(Path(argument))
    if mode is None:
        return _matches(argument)
    if not stat.S_ISDIR(mode):
        return [argument]
    found = _below(argument)
    if not found:
        raise click.UsageError(f"there is no {DEFAULT} in {argument}")
    return found


def _mode(path: Path) -> int | None:
    """What kind of file there is; None when there is none. One that may not be looked at counts: its reader says why."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return stat.S_IFREG


def _below(folder: str) -> list[str]:
    """The specs in and below a folder, sorted; hidden folders and those that hold installed packages are left out."""
    found = []
    for root, folders, names in os.walk(folder):
        if DEFAULT in names:
            found.append(str(Path(root, DEFAULT)))
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name != "node_modules" and _mode(Path(root, name, "pyvenv.cfg")) is None
        ]
    return sorted(found)


def _matches(argument: str) -> list[str]:
    if not glob.has_magic(argument):
        raise click.UsageError(
            f"there is no {DEFAULT} here; name a spec" if argument == DEFAULT else f"there is no file {argument}"
        )
    found: list[str] = []
    for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207
        found += _below(match) if Path(match).is_dir() else [match]
    if not found:
        raise click.UsageError(f"nothing matches {argument}")
    return found


def assignments(pairs: Iterable[str], option: str) -> dict[str, str]:
    """Read `name=value` arguments."""
    result = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option} takes name=value, not {pair!r}")
        result[name] = value
    return result


def pipeline(plan: Plan, name: str) -> Plan:
    """The lifecycle's own plan, or its monitor's."""
    if name == "lifecycle":
        return plan
    if plan.monitor is None:
        raise click.UsageError("the spec has no `monitor`")
    return plan.monitor.plan


def known(what: str, name: str, names: Collection[str]) -> None:
    """Refuse a name that is not among `names`, and say which there are; `what` is what they are names of."""
    from mlspec.diagnostics.nearest import nearest

    if name not in names:
        close = nearest(name, names)
        hint = f"did you mean {close!r}?" if close else f"there are: {', '.join(names)}" if names else "there are none"
        raise click.UsageError(f"there is no {what} {name!r}; {hint}")
