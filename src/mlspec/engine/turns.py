"""How many runs of a lifecycle may be in progress at once on this machine.

In: a plan and its project. Out: a turn that is held while a run is made. Owns what `triggers.overlap` does here: one file a run, each with
a lock that goes with its process, below `.mlspec/turns/` of the project. Never looks at other machines, nor at what orchestrators run.
Change it when runs take turns in another way.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlspec.engine.errors import RunError
from mlspec.ir.model import Plan
from mlspec.ir.triggers import Overlapping
from mlspec.work_folder import WORK_FOLDER, ignore_in_git

PAUSE_SECONDS = 0.2


class SkippedRunError(RunError):
    """As many runs as may be are in progress, and one more does not run."""


@contextmanager
def turn(plan: Plan, project: Path, waits: Callable[[str], None]) -> Iterator[None]:
    """Hold a turn; `waits` is told once why a run does not start at once. Raises `SkippedRunError` where it does not at all."""
    if plan.overlap is None:
        yield
        return
    folder = project / WORK_FOLDER / "turns" / plan.lifecycle
    folder.mkdir(parents=True, exist_ok=True)
    ignore_in_git(project / WORK_FOLDER)
    descriptor = _take(folder, plan.overlap, waits)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        os.utime(descriptor)
        yield
    finally:
        os.close(descriptor)


def _take(folder: Path, overlap: Overlapping, waits: Callable[[str], None]) -> int:
    others = f"{overlap.limit} other runs are" if overlap.limit > 1 else "another run is"
    announced, ended = False, set[int]()
    while True:
        descriptor = _free(folder, overlap.limit)
        if descriptor is not None:
            return descriptor
        if overlap.kind == "skip":
            raise SkippedRunError(f"{others} in progress, and `overlap: skip` lets no more run")
        if overlap.kind == "cancel":
            _end_oldest([folder / str(number) for number in range(overlap.limit)], ended)
        if not announced:
            waits(f"{others} in progress: " + ("waiting for the oldest to end" if overlap.kind == "cancel" else "waiting"))
            announced = True
        time.sleep(PAUSE_SECONDS)


def _free(folder: Path, limit: int) -> int | None:
    for number in range(limit):
        # Steps inherit no descriptor (PEP 446), so that the lock ends with the run's own process.
        descriptor = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            return descriptor
    return None


def _end_oldest(files: list[Path], ended: set[int]) -> None:
    """Ask the process of the oldest run to end, as Ctrl-C does, once."""
    if ended:
        return
    held = sorted(files, key=lambda path: path.stat().st_mtime)
    for path in held[:1]:
        with suppress(OSError, ValueError):
            process = int(path.read_text(encoding="ascii"))
            os.kill(process, signal.SIGTERM)
            ended.add(process)
