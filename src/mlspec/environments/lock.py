"""A lock: what the environments of a spec were resolved to, and what its external inputs were.

In: the text of `mlspec.lock`, or what was found. Out: a `Lock`, or its text. Owns the form of the file, and the names of all that a lock
is made of; never resolves anything (see `resolve`) and never judges (see `planning.lock_faults`).
Change it when a lock must say more: readers of older ones must still find their way.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

VERSION = 1
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LINE = re.compile(r"line (\d+)")
_HEADER = """\
# What the environments and the external inputs of {spec} were: commit it, and the files in {folder} with it.
# To make it again: {command}
"""


@dataclass(frozen=True, slots=True)
class LockedEnvironment:
    """What was asked for when an environment was locked, and the digest of the file that says what that came to."""

    requires: tuple[str, ...]
    """The lines, each in its canonical spelling, sorted."""
    digest: str
    python: str | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """All that a spec has locked, by the names of environments and by the paths and URIs of inputs."""

    environments: Mapping[str, LockedEnvironment] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()


class LockError(Exception):
    """A lock that cannot be read; `line` is where, as far as that is known."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def packages_folder(spec_file: str) -> str:
    """The folder of the files that say what environments came to; a spec that is not alone in its folder has one of its own."""
    stem = PurePath(spec_file).stem
    return "locks" if stem == "mlspec" else f"locks/{stem}"


def packages_name(spec_file: str, environment: str) -> str:
    """The file of one environment."""
    return f"{packages_folder(spec_file)}/{environment}.txt"


def with_profile(environment: str, profile: str | None) -> str:
    """What an environment is called in a lock where a profile changes it."""
    return environment if profile is None else f"{environment}.{profile}"


def digest_of(text: str) -> str:
    """Of a file of a lock, however a checkout ends its lines."""
    return f"sha256:{hashlib.sha256(text.replace(chr(13) + chr(10), chr(10)).encode()).hexdigest()}"


def parse(text: str) -> Lock:
    """Read a lock; raises `LockError`."""
    import tomllib  # costs a spec without a lock more than all the rest of this module

    if re.search(r"^(<{7}|={7}|>{7})", text, re.MULTILINE):
        raise LockError("it holds both sides of a merge")
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = _LINE.search(str(error))
        raise LockError(f"it is no TOML: {error}", int(line[1]) if line else 1) from None
    if found.get("version") != VERSION:
        raise LockError(f"it is of version {found.get('version')!r}; this mlspec reads version {VERSION}")
    environments, inputs = found.get("environments", {}), found.get("inputs", {})
    platforms = found.get("platforms", [])
    if not isinstance(environments, dict) or not isinstance(inputs, dict) or not _is_texts(platforms):
        raise LockError("its tables are not what mlspec writes")
    for name, digest in inputs.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise LockError(f"the digest of the input {name} is not what mlspec writes", line_of(text, name))
    read = {name: _environment(name, value, text) for name, value in environments.items()}
    return Lock(read, inputs, tuple(platforms))


def render(lock: Lock, spec_file: str, command: str) -> str:
    """The text of a lock: sorted, a line a thing, so that two who lock different things do not meet."""
    folder = packages_folder(spec_file)
    lines = [_HEADER.format(spec=_text(spec_file)[1:-1], folder=_text(folder)[1:-1], command=command), f"version = {VERSION}"]
    lines += [f"platforms = [{', '.join(map(_text, lock.platforms))}]"] if lock.platforms else []
    for name, environment in sorted(lock.environments.items()):
        lines += ["", f"[environments.{_text(name)}]", f"digest = {_text(environment.digest)}"]
        lines += [f"python = {_text(environment.python)}"] if environment.python is not None else []
        lines += ["requires = [", *(f"    {_text(line)}," for line in environment.requires), "]"]
    if lock.inputs:
        lines += ["", "[inputs]", *(f"{_text(name)} = {_text(digest)}" for name, digest in sorted(lock.inputs.items()))]
    return "\n".join(lines) + "\n"


def _environment(name: str, value: Any, text: str) -> LockedEnvironment:
    digest = value.get("digest") if isinstance(value, dict) else None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or not _is_texts(value.get("requires")):
        raise LockError(f"the environment {name} in it is not what mlspec writes", line_of(text, name))
    python = value.get("python")
    return LockedEnvironment(tuple(value["requires"]), digest, python if isinstance(python, str) else None)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def line_of(text: str, name: str) -> int:
    """Where a lock names an environment or an input."""
    wanted = _text(name)
    lines = text.splitlines()
    starts = (wanted, f"[environments.{wanted}", f"[environments.{name}]")
    return next((number for number, line in enumerate(lines, 1) if line.lstrip().startswith(starts)), 1)


def _text(value: str) -> str:
    """A basic string of TOML: one of JSON, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
