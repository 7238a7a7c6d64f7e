"""How a lock is held against a spec.

In: a spec and the text of its lock. Out: `Locks`, with a warning for all that is not as the lock says. Owns what makes a lock stale, which
needs no network: files alone. Never looks at what an input is (see `engine.locked`). Change it when something else is locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlspec.diagnostics import Diagnostic, Span
from mlspec.environments import lock as locking
from mlspec.environments.lines import canonical, is_index, logical, requirement_of
from mlspec.environments.lock import Lock, LockedEnvironment, LockError
from mlspec.planning.locks import Locks, external_inputs, place, text_of
from mlspec.planning.pipeline import Pipeline
from mlspec.spec.loaded import Spec

_AGAIN = "`mlspec lock` brings it up to date"


def judged(
    spec: Spec, text: str, file: str, requirements: Mapping[str, tuple[str, ...]], pipelines: Iterable[Pipeline]
) -> Locks:
    """What of a lock holds; `file` is what findings call it, `requirements` the lines of each environment."""
    spec.document.sources.setdefault(file, text)
    try:
        lock = locking.parse(text)
    except LockError as error:
        span = Span(file, error.line, 1, error.line, 1)
        fault = _fault("MLS621", f"the lock cannot be read: {error}", span, again="`mlspec lock` makes it anew")
        return Locks(faults=(fault,))
    judge = _Judge(spec, lock)
    packages = {key: lines for key in requirements if (lines := judge.packages(key, requirements[key]))}
    judge.inputs(pipelines)
    files = {name: locking.packages_name(spec.document.name, _key(spec, lock, name)) for name in packages}
    return Locks(lock, locking.digest_of(text), packages, files, tuple(judge.faults))


def _key(spec: Spec, lock: Lock, name: str) -> str:
    """What an environment is called in the lock."""
    profiled = locking.with_profile(name, spec.document.profile)
    return profiled if profiled in lock.environments else name


class _Judge:
    """Holds one lock against one spec."""

    def __init__(self, spec: Spec, lock: Lock) -> None:
        self._spec = spec
        self._lock = lock
        self.faults: list[Diagnostic] = []

    def packages(self, name: str, lines: tuple[str, ...]) -> tuple[str, ...]:
        """What the environment came to; nothing where that does not hold any more."""
        environment = self._spec.lifecycle.environments[name]
        if not lines:
            return ()
        key = _key(self._spec, self._lock, name)
        locked = self._lock.environments.get(key)
        where, path = self._spec.key_span("environments", name), f"environments.{name}"
        if locked is None:
            self.faults.append(_fault("MLS620", f"the environment `{name}` is not in the lock", where, path))
            return ()
        faults = list(self._changes(name, lines, locked))
        if environment.python != locked.python:
            message = f"the environment `{name}` has {_python(environment.python)}, and was locked for {_python(locked.python)}"
            faults.append(_fault("MLS620", message, self._spec.span("environments", name, "python"), f"{path}.python"))
        file = locking.packages_name(self._spec.document.name, key)
        text = None if faults else text_of(self._spec.project, file)
        if not faults and (text is None or locking.digest_of(text) != locked.digest):
            what = "is missing" if text is None else "is not what `mlspec lock` wrote"
            faults.append(_fault("MLS621", f"`{file}`, the lock of the environment `{name}`, {what}", where, path))
        self.faults += faults
        return () if faults or text is None else tuple(logical(text))

    def _changes(self, name: str, lines: tuple[str, ...], locked: LockedEnvironment) -> Iterator[Diagnostic]:
        """What is asked for now and was not, and the other way round; of one package both in one finding."""
        now = {canonical(line): line for line in lines if not is_index(line)}
        gone = {_package(line): line for line in locked.requires if line not in now}
        for spelling, line in now.items():
            if spelling in locked.requires:
                continue
            before = gone.pop(_package(spelling), None)
            then = f"it has `{before}`" if before is not None else "it has nothing of that name"
            span, path = place(self._spec, name, line)
            yield _fault("MLS620", f"`{line}` is not in the lock of the environment `{name}`: {then}", span, path)
        where = self._spec.span("environments", name, "requirements")
        for line in gone.values():
            message = f"the lock of the environment `{name}` is for `{line}`, which it does not ask for any more"
            yield _fault("MLS620", message, where, f"environments.{name}.requirements")

    def inputs(self, pipelines: Iterable[Pipeline]) -> None:
        """Tell of inputs that are not locked."""
        for value, path in external_inputs(pipelines):
            if value not in self._lock.inputs:
                message = f"the input `{value}` is not in the lock"
                self.faults.append(_fault("MLS622", message, self._spec.span(*path), ".".join(map(str, path))))


def _fault(code: str, message: str, span: Span, path: str = "", again: str = _AGAIN) -> Diagnostic:
    return Diagnostic(code, message, span, "warning", hint=again, path=path)


def _package(line: str) -> str:
    """What a line is about: a package, or itself."""
    wanted = requirement_of(line)
    return wanted.name if wanted is not None else line


def _python(version: str | None) -> str:
    return f"Python {version}" if version is not None else "no Python of its own"
