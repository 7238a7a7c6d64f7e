"""Waiting for what other processes do, without a guess at how long it takes them.

In: a condition, a path, the id of a process. Out: nothing, once it holds. Owns the one limit, which only what hangs reaches: no
test is about how fast a machine is. Never measures. Change it when tests wait for something of another kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LIMIT = 300.0
"""Seconds."""


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; it is an assertion that it will."""
    limit = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < limit, "it did not come to hold"
        time.sleep(0.02)


def until_there(path: str) -> str:
    """Shell that waits until a file is there, and fails when it never comes. `path` is put into it as it is."""
    return f"n=0; until [ -e {path} ]; do n=$((n+1)); [ $n -lt {LIMIT / 0.05:.0f} ] || exit 9; sleep 0.05; done"


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter when it ends between open and read
        return False
