"""How long processes and calls take, and whether a goal is reached.

In: commands, calls. Out: medians by the clock and of the processor; lines of a table on standard output. Owns what counts as one
measurement, and the look of a row; never what is measured. Change it when a time must be taken in another way.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class RefusedError(Exception):
    """The command ended with something else than 0; the text is the first line it printed."""


class Time(NamedTuple):
    """Seconds that whole processes took: by the clock, and of the processor."""

    wall: float
    cpu: float


def seconds(command: Sequence[str], *, repeats: int, folder: Path) -> Time:
    """Return the median times of a command, after one run that warms the file cache."""
    return median([once(command, folder) for _ in range(repeats + 1)][1:])


def median(taken: Sequence[Time]) -> Time:
    return Time(statistics.median(time.wall for time in taken), statistics.median(time.cpu for time in taken))


def once(command: Sequence[str], folder: Path, *, ends: Sequence[int] = (0,)) -> Time:
    """Return the times of a command; one that ends with another status than these is refused."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=printed, stderr=subprocess.STDOUT, env=environment(folder))
        _, status, usage = os.wait4(process.pid, 0)
        taken = Time(time.perf_counter() - start, usage.ru_utime + usage.ru_stime)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ends:
            printed.seek(0)
            raise RefusedError((printed.read().strip().splitlines() or ["?"])[0])
    return taken


def inside(work: Callable[[], object]) -> Time:
    """Return the median times of a call in this process, after one that warms its caches."""
    taken = []
    for _ in range(16):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append(Time(time.perf_counter() - wall, time.process_time() - cpu))
    return median(taken[1:])


def environment(folder: Path) -> dict[str, str]:
    fixed = {"PYTHONHASHSEED": "0", "NO_COLOR": "1", "AIRFLOW_HOME": str(folder / "airflow")}
    fixed |= {
        "DO_NOT_TRACK": "1",
        "DVC_NO_ANALYTICS": "1",
        "USERNAME": "bench",
    }  # peers would wait for servers that count their calls
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, **fixed}  # with bytecode, as what pip has installed


def row(what: str, above: Time, below: Time, *, at_least: float = 0, at_most: float = math.inf, unit: str = "s") -> None:
    """Print a goal: two times and their ratio, which is at least or at most so much."""
    ratio = above.wall / below.wall
    goal = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
    reached = "yes" if at_least <= ratio <= at_most else "NO"
    scale = 1000 if unit == "ms" else 1
    times = f"{above.wall * scale:.2f} {unit} / {below.wall * scale:.2f} {unit}"
    print(f"| {what} | {times} = {ratio:.2f} ({above.cpu / below.cpu:.2f}) | {goal} | {reached} |", flush=True)
