"""One step process.

In: a command. Out: its lines and its end, as messages in an inbox, and its log as a file.
Owns the process group and its end, by signal where it must; never decides anything.
Change it when step processes must be started or ended in another way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from mlspec.engine.frontier import Task
from mlspec.engine.inbox import Ended, Inbox, Line
from mlspec.errors import sentence
from mlspec.exec import parent

LINE_LIMIT = 64 * 1024
"""Bytes after which a line is cut in two: a progress bar may never end its line."""

DRAIN_SECONDS = 2.0
"""How long output may still come after the end, from a process that the step left behind."""

GRACE_SECONDS = 10.0
"""How long step processes have between the polite signal and the last one; they give their bodies half of it."""


class Child:
    """A running step process, in a session of its own so that it can be ended with all that it started.

    Standard output and standard error go together to the file `log` and, line by line, to `inbox`; the last message of
    a child is its `Ended`. `last` is the last line so far, `unlogged` why the log is not whole, if it is not.

    It ends with this process, or with the thread that makes the child, whichever ends first: that is how Linux counts.
    """

    def __init__(self, task: Task, command: Sequence[str], environ: Mapping[str, str], log: Path, inbox: Inbox) -> None:
        self.task = task
        self.log = log
        self.last = ""
        self.unlogged = ""
        self._inbox = inbox
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            command,
            env={**environ, parent.VARIABLE: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, daemon=True).start()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group; one that is gone already is fine."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; returns whether it came in time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
            return True
        return False

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None, "the child was started with a pipe"
        with stream, ExitStack() as stack:
            log: BinaryIO | None = None
            try:
                log = stack.enter_context(self.log.open("wb", buffering=0))
            except OSError as error:
                self.unlogged = sentence(error)
            for raw in iter(lambda: stream.readline(LINE_LIMIT), b""):
                if not self.unlogged and log is not None:
                    self._keep(log, raw)
                self.last = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._inbox.put(Line(self.task, self.last))

    def _keep(self, log: BinaryIO, raw: bytes) -> None:
        """Write to the log. When that fails go on reading: a process whose pipe is full stands still for ever."""
        try:
            while raw:
                raw = raw[log.write(raw) :]
        except OSError as error:
            self.unlogged = sentence(error)

    def _wait(self) -> None:
        exit_code = self._process.wait()
        self._reader.join(DRAIN_SECONDS)
        self._inbox.put(Ended(self.task, exit_code))


def end_all(children: Iterable[Child]) -> None:
    """End process groups: politely, so that step processes end their bodies, and after a grace period without asking."""
    left = list(children)
    for child in left:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for child in left:
        if not child.wait(deadline - time.monotonic()):
            child.signal(signal.SIGKILL)
