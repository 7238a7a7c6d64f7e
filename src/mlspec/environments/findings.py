"""What an environment asks for that its image could not have, found before an image is built.

In: a `Plan` and names of environments. Out: findings MLS580 to MLS582 at the environment's line, with pages in `catalogue/`. Owns these
checks; never makes a file. Change it when an image fails to build, or lacks something, that this let through.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from mlspec.diagnostics import Diagnostic, Span
from mlspec.environments.lines import is_local
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan

OLDEST = (3, 11)
"""The oldest Python that runs mlspec."""


def check(plan: Plan, names: Sequence[str]) -> list[Diagnostic]:
    """Return the findings on these environments, in their order; `export` must not be called when there are any."""
    return [finding for name in names for finding in _check(plan.environments[name], Span(plan.spec_file, 1, 1, 1, 1))]


def _check(environment: Environment, top: Span) -> Iterator[Diagnostic]:
    span, path = environment.span or top, f"environments.{environment.name}"
    oldest = ".".join(map(str, OLDEST))
    if environment.python and tuple(int(part) for part in environment.python.split(".")[:2]) < OLDEST:
        yield Diagnostic(
            "MLS580",
            f"an image with Python {environment.python} cannot run mlspec, which needs {oldest}",
            span,
            hint=f'write `python: "{oldest}"`, or a newer one',
            path=f"{path}.python",
        )
    for folder in environment.pythonpath:
        inside = posixpath.normpath(folder)
        if inside.startswith(("/", "../")) or inside == ".." or not folder.isprintable():
            yield Diagnostic(
                "MLS581",
                f"the image cannot have {folder!r} on its pythonpath: only the folder of the spec is copied into it",
                span,
                hint="move the modules below the folder of the spec, or make them a requirement",
                path=f"{path}.pythonpath",
            )
    for line in environment.requirements:
        if is_local(line):
            yield Diagnostic(
                "MLS582",
                f"the requirement `{line}` is a file, and the image is built before files are copied into it",
                span,
                hint="put modules of yours on the `pythonpath`, and list what another requirements file lists",
                path=f"{path}.requirements",
            )
