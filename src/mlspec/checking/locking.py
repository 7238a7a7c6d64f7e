"""What a spec is to have locked: made, or held against what it has.

In: the path of a spec. Out: the texts of its lock, or findings. Owns what a lock covers: the environments of the spec and those that its
profiles change, and the external inputs of both. Never writes a file.
Change it when a lock covers something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlspec.checking.check import Checked, check
from mlspec.diagnostics import Diagnostic, Span, in_order
from mlspec.environments import lock as locking
from mlspec.environments.lines import logical, requirement_of
from mlspec.environments.lock import Lock, LockedEnvironment, LockError
from mlspec.environments.resolve import ResolveError, resolve
from mlspec.errors import StoreError, sentence
from mlspec.ir.declarations import Environment
from mlspec.planning.locks import external_inputs, requires, text_of
from mlspec.spec.naming import lock_name
from mlspec.store.filesystem import is_remote
from mlspec.store.present import present_digest

CODES = frozenset({"MLS620", "MLS621", "MLS622"})
"""Of what is not as the lock says."""

Place = tuple[Span, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one spec asks for: each environment by its name in the lock, each input with its place."""

    base: Checked
    layers: tuple[Checked, ...]
    """The spec itself, then with each of its profiles."""
    environments: Mapping[str, Environment]
    inputs: Mapping[str, Place]

    @property
    def sources(self) -> dict[str, str]:
        """The texts that findings may show lines of."""
        return {name: text for checked in self.layers for name, text in checked.document.shown.items()}

    @property
    def name(self) -> str:
        """The file name of the spec."""
        return self.base.document.name

    @property
    def lock_text(self) -> str | None:
        """The text of the lock that there is."""
        return text_of(self.base.document.project, lock_name(self.name))


@dataclass(frozen=True, slots=True)
class Wish:
    """How a lock is to be made; `None` of platforms: for those that it is for already."""

    platforms: Sequence[str] | None = None
    constraints: Sequence[Path] = ()
    upgrade: bool = False


@dataclass(slots=True)
class Made:
    """A lock: its files, in the order in which they are to be written, those that it has no more, and what has changed in versions."""

    files: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    changes: dict[str, list[str]] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)


def wanted(path: str, include_roots: Iterable[str | Path] = ()) -> tuple[Wanted | None, Checked]:
    """Read a spec and its profiles; nothing where one of them has errors, and then with the one that has."""
    base = check(path, include_roots=include_roots)
    if base.plan is None or base.spec is None or base.meaning is None:
        return None, base
    layers, environments = [base], dict(_environments(base))
    for profile in base.spec.lifecycle.profiles:
        layer = check(path, profile=profile, include_roots=include_roots)
        if layer.plan is None:
            return None, layer
        layers.append(layer)
        for name, environment in _environments(layer).items():
            if name not in environments or _asks(environment) != _asks(environments[name]):
                environments[locking.with_profile(name, profile)] = environment
    inputs: dict[str, Place] = {}
    for layer in layers:
        for value, where in _inputs(layer):
            inputs.setdefault(value, where)
    return Wanted(base, tuple(layers), environments, inputs), base


def _environments(checked: Checked) -> dict[str, Environment]:
    plan = checked.plan
    return {name: environment for name, environment in plan.environments.items() if environment.requirements} if plan else {}


def _asks(environment: Environment) -> tuple[object, ...]:
    return environment.python, requires(environment.requirements)


def _inputs(checked: Checked) -> Iterator[tuple[str, Place]]:
    spec, draft = checked.spec, checked.meaning.draft if checked.meaning is not None else None
    for value, path in external_inputs(draft.pipelines) if draft is not None and spec is not None else ():
        yield value, (spec.span(*path), ".".join(map(str, path))) if spec is not None else (Span("", 1, 1, 1, 1), "")


def make(asked: Wanted, wish: Wish, resolving: Callable[[str], None]) -> Made:
    """Make the lock of a spec; what cannot be locked is an error, and then nothing is to be written."""
    made, before = Made(), _readable(asked)
    platforms = tuple(sorted(set(wish.platforms))) if wish.platforms is not None else before.platforms
    environments = {}
    for key, environment in sorted(asked.environments.items()):
        resolving(key)
        name = locking.packages_name(asked.name, key)
        text = _resolved(asked, environment, name, platforms, wish, made)
        made.files[name] = text
        environments[key] = LockedEnvironment(requires(environment.requirements), locking.digest_of(text), environment.python)
    inputs = {}
    for value, (span, path) in asked.inputs.items():
        try:
            inputs[value] = present_digest(value, asked.base.document.folder)
        except (OSError, StoreError) as error:
            message = f"the input `{value}` cannot be locked: {_reason(error)}"
            made.findings.append(Diagnostic("MLS584", message, span, hint="a lock has its digest: it must be there", path=path))
    command = "mlspec lock" if asked.name == "mlspec.yaml" else f"mlspec lock {asked.name}"
    made.files[lock_name(asked.name)] = locking.render(Lock(environments, inputs, platforms), asked.name, command)
    made.gone = [locking.packages_name(asked.name, key) for key in before.environments if key not in environments]
    return made


def _resolved(asked: Wanted, environment: Environment, name: str, platforms: Sequence[str], wish: Wish, made: Made) -> str:
    before = text_of(asked.base.document.project, name) or made.files.get(
        locking.packages_name(asked.name, environment.name), ""
    )
    folder = asked.base.document.folder.resolve()
    try:
        text = resolve(
            environment,
            folder,
            before=before,
            constraints=wish.constraints,
            platforms=platforms,
            upgrade=wish.upgrade,
        )
    except ResolveError as error:
        span = environment.requirement_spans.get(error.requirement or "", environment.span)
        message = f"the environment `{environment.name}` cannot be locked: {error}"
        path = f"environments.{environment.name}.requirements"
        made.findings.append(Diagnostic("MLS584", message, span or Span(asked.base.document.file, 1, 1, 1, 1), path=path))
        return before
    made.changes[name] = list(_changes(before, text))
    return f"# What the environment {environment.name} of {asked.name} came to. To make it again: mlspec lock\n{text}"


def _changes(before: str, after: str) -> Iterator[str]:
    old, new = _versions(before), _versions(after)
    for name in sorted(old.keys() | new.keys()):
        if old and old.get(name) != new.get(name):
            yield f"{name} {old.get(name, 'was not there')} → {new.get(name, 'gone')}"


def _versions(text: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in logical(text):
        wanted = requirement_of(line)
        if wanted is not None:
            found.setdefault(wanted.name, []).append(str(wanted.specifier).removeprefix("==") or str(wanted.url))
    return {name: ", ".join(sorted(set(versions))) for name, versions in found.items()}


def _readable(asked: Wanted) -> Lock:
    """The lock that there is; of one that cannot be read, nothing is kept."""
    try:
        return locking.parse(asked.lock_text or "")
    except LockError:
        return Lock()


def stale(asked: Wanted, *, remote: bool = False) -> list[Diagnostic]:
    """Say what is not as the lock says, each an error; `remote`: inputs on other machines are fetched and looked at too."""
    text, file = asked.lock_text, lock_name(asked.name)
    if text is None and (asked.environments or asked.inputs):
        top = Span(asked.base.document.file, 1, 1, 1, 1)
        return [Diagnostic("MLS621", f"there is no `{file}`: nothing is locked", top, hint="`mlspec lock` makes it")]
    found = {
        (fault.code, fault.message, fault.span): replace(fault, severity="error")
        for layer in asked.layers
        if layer.meaning is not None and layer.meaning.draft is not None
        for fault in layer.meaning.draft.locks.faults
    }
    lock = _readable(asked)
    findings = [*found.values(), *_left_over(asked, lock, text or ""), *_changed_inputs(asked, lock, remote=remote)]
    return in_order(findings)


def _left_over(asked: Wanted, lock: Lock, text: str) -> Iterator[Diagnostic]:
    file = asked.base.document.project.name(lock_name(asked.name))
    for kind, names, known in (
        ("environment", lock.environments, asked.environments),
        ("input", lock.inputs, asked.inputs),
    ):
        for name in names:
            if name not in known:
                line = locking.line_of(text, name)
                message = f"the lock has the {kind} `{name}`, which {asked.name} does not have"
                yield Diagnostic("MLS586", message, Span(file, line, 1, line, 1), hint="`mlspec lock` leaves it out")


def _changed_inputs(asked: Wanted, lock: Lock, *, remote: bool) -> Iterator[Diagnostic]:
    for value, (span, path) in asked.inputs.items():
        locked = lock.inputs.get(value)
        if locked is None or (is_remote(value) and not remote):
            continue
        try:
            found = present_digest(value, asked.base.document.folder)
        except (OSError, StoreError) as error:
            message = f"the input `{value}` cannot be held against the lock: {_reason(error)}"
        else:
            if found == locked:
                continue
            message = f"the input `{value}` is not what was locked: it has the digest {found[:19]}…, and had {locked[:19]}…"
        hint = "bring back what it was, or let `mlspec lock` take what it is"
        yield Diagnostic("MLS585", message, span, hint=hint, path=path)


def _reason(error: Exception) -> str:
    """What is wrong, without a path of this machine."""
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else sentence(error)
