"""What a spec has locked, as far as that still holds.

In: a spec, the lines of its environments, its pipelines. Out: `Locks`. Owns what may be locked and where a spec has it; how a lock is
held against a spec, `lock_faults` says, which is read only where there is one. Never makes a lock. Change it when something else is locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlspec.diagnostics import Diagnostic, Span
from mlspec.environments.lines import canonical, is_index
from mlspec.planning.pipeline import Pipeline
from mlspec.source.project import Project
from mlspec.spec.loaded import Spec
from mlspec.spec.naming import lock_name

if TYPE_CHECKING:
    from mlspec.environments.lock import Lock


@dataclass(frozen=True, slots=True)
class Locks:
    """What holds. `lock` is None where there is none to read."""

    lock: Lock | None = None
    digest: str | None = None
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The lines that each environment came to."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The file of the lock that has them."""
    faults: tuple[Diagnostic, ...] = ()


def requires(lines: Iterable[str]) -> tuple[str, ...]:
    """What an environment asks for, as a lock notes it: without the places where packages are found."""
    return tuple(sorted({canonical(line) for line in lines if not is_index(line)}))


def read(spec: Spec, requirements: Mapping[str, tuple[str, ...]], pipelines: Iterable[Pipeline]) -> Locks:
    """Read the lock beside a spec, if there is one, and hold it against the spec; the faults are warnings."""
    name = lock_name(spec.document.name)
    text = text_of(spec.project, name)
    if text is None:
        return Locks()
    from mlspec.planning.lock_faults import judged

    return judged(spec, text, spec.project.name(name), requirements, pipelines)


def text_of(project: Project, name: str) -> str | None:
    """The text of a file of the lock; None where there is none, or none to read."""
    if not project.is_file(name):  # most specs have none: that is looked up once for all profiles
        return None
    try:
        return project.read(name).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def external_inputs(pipelines: Iterable[Pipeline]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Yield what steps of the lifecycle read that no step of it makes, with its place in the spec.

    What the monitor reads is watched because it changes: it is not locked.
    """
    for pipeline in pipelines:
        for named in pipeline.scope.steps.values() if not pipeline.scope.base else ():
            for name, source in named.step.inputs.items():
                for key, value in (("path", source.path), ("uri", source.uri)):
                    if value is not None and "${{" not in value:
                        yield value, (*named.path, "inputs", name, key)


def place(spec: Spec, name: str, line: str) -> tuple[Span, str]:
    """Where an environment asks for a line: the line itself, or the name of the file that it is in."""
    packages = spec.lifecycle.environments[name].requirements.packages
    path = ("environments", name, "requirements", packages.index(line) if line in packages else "file")
    return spec.span(*path), ".".join(map(str, path))
