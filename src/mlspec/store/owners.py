"""Who a process is, so that another one can ask later whether it still lives.

In: the id of a process, or what was noted of one. Out: its identity, whether it lives, and the processes that carry a mark in their
environment. Owns what makes a process the same one: the boot, the namespace, the id and the start. Never signals.
Standard library only. Change it when processes must be told apart on another operating system.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mlspec.terms import Json

_PROC = Path("/proc")


class Owner(NamedTuple):
    """A process. Ids are given anew after a boot and in every namespace; `started` tells two with one id apart."""

    hostname: str
    boot: str
    namespace: str
    pid: int
    started: str

    @property
    def here(self) -> bool:
        """Whether its id means the same process to us."""
        return (self.boot, self.namespace) == _machine()

    @property
    def lives(self) -> bool:
        """Whether it runs; only to be asked of one that is `here`."""
        return process_start(self.pid) == self.started

    def __str__(self) -> str:
        return f"process {self.pid} on {self.hostname}"


def this_process() -> Owner:
    """Who we are."""
    return Owner(os.uname().nodename, *_machine(), os.getpid(), process_start(os.getpid()) or "")


def owner_from(noted: Mapping[str, Json]) -> Owner | None:
    """An owner as `_asdict` gave it; None when what was noted is none."""
    values = [noted.get(name) for name in Owner._fields]
    whole = all(isinstance(value, int if name == "pid" else str) for name, value in zip(Owner._fields, values, strict=True))
    return Owner._make(values) if whole else None


def process_start(pid: int) -> str | None:
    """When a process started, in whatever form this system has; None when it does not run, or waits only to be reaped."""
    if not _PROC.joinpath("self/stat").exists():
        return _start_by_ps(pid)
    try:
        fields = _PROC.joinpath(str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def carriers(variable: str, value: str) -> dict[int, str]:
    """The processes, but for this one, that were started with `variable=value` or `value.…`, each with its start.

    What a process starts inherits it, also in a session of its own. Only Linux lets us ask.
    """
    mark, found = f"{variable}={value}".encode(), {}
    for path in _PROC.glob("[0-9]*/environ"):
        with suppress(OSError):  # another user's, or it ended while we looked
            words = path.read_bytes().split(b"\0")
            if not any(word == mark or word.startswith(mark + b".") for word in words):
                continue
            pid = int(path.parent.name)
            if pid != os.getpid() and (started := process_start(pid)) is not None:
                found[pid] = started
    return found


@cache
def _machine() -> tuple[str, str]:
    try:
        boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
        return boot, str(_PROC.joinpath("self/ns/pid").readlink())
    except OSError:
        return os.uname().nodename, ""


def _start_by_ps(pid: int) -> str | None:
    import subprocess

    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None
