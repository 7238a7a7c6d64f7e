"""Processes in groups of their own, and signals to the step process.

In: a command, its environment, a time limit. Out: how it ended. Owns starting a body and ending all of it, by timeout, by
interruption, or because its first process is over; never decides what an end means. Standard library only.
Change it when bodies must be started or ended in another way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from mlspec.errors import Interrupted, StepError

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL; less than orchestrators leave to the step process itself."""

_INTERRUPTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class End(NamedTuple):
    """How a process ended: its exit status (negative: the signal), and whether its time was up."""

    exit_code: int
    timed_out: bool


class Supervisor:
    """Runs one process group at a time, and ends it when the step process is asked to end.

    From `watch_signals` on, SIGTERM, SIGINT and SIGHUP raise `Interrupted`, while a body runs only after all of it has ended.
    """

    def __init__(self) -> None:
        self._signals = [number for number in _INTERRUPTS if signal.getsignal(number) is not signal.SIG_IGN]
        self._group: int | None = None
        self._starting = False
        self._interrupt: str | None = None
        self._timed_out = False
        self._ending = False

    def watch_signals(self) -> None:
        """Take over the signals that ask a process to end, but for those that our parent had us ignore (`nohup`)."""
        signal.signal(signal.SIGALRM, self._alarm)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # were it ignored, every body would seem to end with 0
        for number in self._signals:
            signal.signal(number, self._interrupted)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let signals interrupt what is done meanwhile, and nothing after it."""
        try:
            self.watch_signals()
            yield
        finally:
            self.ignore_signals()

    def ignore_signals(self) -> None:
        """From now on let nothing interrupt: what is left to do is short and must be done."""
        for number in self._signals:
            signal.signal(number, signal.SIG_IGN)

    def run(self, command: Sequence[str], environment: Mapping[str, str], timeout: float | None) -> End:
        """Run a command to its end, and end what it leaves behind in its group.

        Raises `StepError` when it cannot be started, and `Interrupted`.
        """
        self._timed_out = self._ending = False
        self._starting = True
        try:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
            self._group = process.pid
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"an argument or variable has an {error}"
            raise StepError(f"{command[0]} cannot be started: {reason}") from None
        finally:
            self._starting = False
        if self._interrupt is not None:
            self._end()
        elif timeout is not None:
            signal.setitimer(signal.ITIMER_REAL, timeout)
        # Left unreaped, the first process keeps the group's number from being given to another.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if not self._ending:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._signal(signal.SIGKILL)
        exit_code = process.wait()
        if self._ending:
            self._await_group(process.pid)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._group = None
        if self._interrupt is not None:
            raise Interrupted(self._interrupt)
        return End(exit_code, self._timed_out)

    def _interrupted(self, number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._group is None and not self._starting:
            raise Interrupted(name)
        self._interrupt = name
        if self._group is not None:
            self._end()

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self._ending:
            self._signal(signal.SIGKILL)
        else:
            self._timed_out = True
            self._end()

    def _end(self) -> None:
        """Ask the group to end; after the grace period the alarm ends it without asking."""
        self._ending = True
        self._signal(signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _signal(self, number: signal.Signals) -> None:
        if self._group is not None:
            with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a zombie
                os.killpg(self._group, number)

    def _await_group(self, group: int) -> None:
        """Wait until the last process of the group has ended, but not long after it was killed."""
        limit = time.monotonic() + GRACE + 1
        while _runs(group) and time.monotonic() < limit:
            time.sleep(0.02)


def _runs(group: int) -> bool:
    """Whether any process of a group runs. Ended ones that nobody reaps, as in many containers, still take signals."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    processes = list(Path("/proc").glob("[0-9]*/stat"))
    if not processes:
        return True
    for path in processes:
        with suppress(OSError):  # it ended while we looked
            state, _parent, its_group = path.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False
