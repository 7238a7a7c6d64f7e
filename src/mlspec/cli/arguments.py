"""Arguments and options that commands share, and how they become paths and values.

In: words. Out: paths, checked specs. Owns the default `mlspec.yaml` and the meaning of a folder or a glob.
Never prints but for wrong usage. Change it when specs are named in another way.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from mlspec.plan.model import Plan

DEFAULT = "mlspec.yaml"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def spec_argument(command: _Command) -> _Command:
    """One SPEC, `mlspec.yaml` when it is not given."""
    return click.argument("spec", required=False, metavar="[SPEC]")(command)


def specs_argument(command: _Command) -> _Command:
    """Any number of SPECs."""
    return click.argument("specs", nargs=-1, metavar="[SPEC]...")(command)


def layers(command: _Command) -> _Command:
    """`--profile` and `--set`."""
    command = click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a value of the spec, such as steps.train.with.depth=6.",
    )(command)
    return click.option("--profile", metavar="NAME", help="Merge this profile over the spec.")(command)


def one(word: str | None) -> str:
    """The one spec that is meant."""
    found = paths([word] if word else [])
    if len(found) > 1:
        raise click.UsageError(f"{word} stands for {len(found)} specs; name one")
    return found[0]


def paths(words: Iterable[str]) -> list[str]:
    """The spec files that words name: files, folders (their `mlspec.yaml`, or all below that have one), globs."""
    result: list[str] = []
    for word in list(words) or [DEFAULT]:
        result += _expand(word)
    return list(dict.fromkeys(result))


def _expand(word: str) -> list[str]:
    path = Path(word)
    if path.is_dir():
        own = path / DEFAULT
        if own.is_file():
            return [str(own)]
        below = sorted(
            str(found) for found in path.rglob(DEFAULT) if not any(part.startswith(".") for part in found.parts[:-1])
        )
        if not below:
            raise click.UsageError(f"there is no {DEFAULT} in {word}")
        return below
    if path.exists():
        return [word]
    if glob.has_magic(word):
        matches = sorted(match for match in glob.glob(word, recursive=True) if Path(match).is_file())  # noqa: PTH207
        if matches:
            return matches
        raise click.UsageError(f"nothing matches {word}")
    if word == DEFAULT:
        raise click.UsageError(f"there is no {DEFAULT} here; name a spec")
    raise click.UsageError(f"there is no file {word}")


def assignments(pairs: Iterable[str], option: str) -> dict[str, str]:
    """Read `name=value` words."""
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


def known_targets(names: Iterable[str]) -> None:
    """Refuse names that no target has."""
    from mlspec.diagnostics.nearest import nearest
    from mlspec.targets.base import targets

    for name in names:
        if name not in targets():
            close = nearest(name, targets())
            hint = f"did you mean {close!r}?" if close else f"there are: {', '.join(targets())}"
            raise click.UsageError(f"there is no target {name!r}; {hint}")
