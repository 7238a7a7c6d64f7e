"""Started marks: which steps have started and not ended, and who runs them.

In: the process that runs a step. Out: a mark, as a JSON value and back, and whether its owner still lives. Owns the form of marks
and how a process is known from a later one of its number; never reaches a store. Standard library only.
Change it together with docs/step-process.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mlspec.store.timestamps import timestamp
from mlspec.terms import Json


class Owner(NamedTuple):
    """A process: its number, when it started (in the kernel's ticks), and where that number means it."""

    host: str
    boot: str
    namespace: str
    pid: int
    ticks: int | None


class Mark(NamedTuple):
    """A step that has started. `attempt` is nobody else's; `final`: it is a `finally` step, whose end others do not look at."""

    attempt: str
    started: str
    final: bool
    owner: Owner


def new_mark(*, final: bool) -> Mark:
    """A mark of a step that this process starts now."""
    return Mark(os.urandom(8).hex(), timestamp(), final, _this_process())


def to_json(mark: Mark) -> dict[str, Json]:
    """A mark as it is kept."""
    return {"version": 1, **mark._asdict(), "owner": mark.owner._asdict()}


def from_json(value: Mapping[str, Json]) -> Mark | None:
    """A mark read back; None when it is damaged."""
    try:
        owner = value["owner"]
        return Mark(
            str(value["attempt"]),
            str(value["started"]),
            bool(value["final"]),
            Owner(
                str(owner["host"]),
                str(owner["boot"]),
                str(owner["namespace"]),
                int(owner["pid"]),
                None if owner["ticks"] is None else int(owner["ticks"]),
            ),
        )
    except (KeyError, TypeError, ValueError):
        return None


def is_alive(owner: Owner) -> bool | None:
    """Tell whether the process that made a mark runs; None when it cannot be asked: it ran elsewhere, or before a restart."""
    here = _this_process()
    if not (owner.boot and owner.namespace) or (owner.boot, owner.namespace) != (here.boot, here.namespace):
        return None
    return owner.ticks is not None and _ticks(owner.pid) == owner.ticks


def _this_process() -> Owner:
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 (it is no path)
    return Owner(os.uname().nodename, _read("/proc/sys/kernel/random/boot_id"), namespace, os.getpid(), _ticks(os.getpid()))


def _ticks(pid: int) -> int | None:
    """When a process started; None when it has ended."""
    state, *fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split() or ["X"]
    return None if state in "ZX" else int(fields[18])


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""
