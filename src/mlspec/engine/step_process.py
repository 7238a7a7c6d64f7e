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
from contextlib import suppress
from pathlib import Path

from mlspec.engine.fork_server import ForkServer, step_process
from mlspec.engine.frontier import Task
from mlspec.engine.inbox import Ended, Inbox
from mlspec.engine.step_log import StepLog
from mlspec.exec import parent
from mlspec.exec.masking import Masker

LINE_LIMIT = 64 * 1024
"""Bytes after which a line is cut in two: a progress bar may never end its line."""

DRAIN_SECONDS = 2.0
"""How long output may still come after the end, from a process that the step left behind."""


class Child:
    """A running step process, in a session of its own so that it can be ended with all that it started.

    Standard output and standard error go together to the file `log` and, line by line, to `inbox`; the last message of
    a child is its `Ended`; the values of `secrets` are masked in both. `command` does the same in a shell; `last` is the last line so
    far.

    It ends with this process, or with the thread that makes the child, whichever ends first: that is how Linux counts.
    """

    def __init__(
        self,
        task: Task,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        inbox: Inbox,
        server: ForkServer,
        secrets: Sequence[str] = (),
    ) -> None:
        self.task = task
        given = [f"{name}={text}" for name, text in environ.items() if name.startswith("MLSPEC_PARAM_")]
        self.command = (*(["env", *given] if given else []), *step_process(), *arguments)
        self.log = log
        self.last = ""
        self._inbox = inbox
        self._masker = Masker(secrets)
        self._log = StepLog(log)
        reader, writer = os.pipe()
        try:
            self._process = server.start(arguments, environ, writer) or _Started(arguments, environ, writer)
        except OSError:
            os.close(reader)
            self._log.close()
            raise
        finally:
            os.close(writer)
        self._reader = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, daemon=True).start()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group; one that is gone already is fine."""
        self._process.signal(number)

    def note(self, line: str) -> None:
        """Add a line to its log, after its end."""
        with suppress(OSError), self.log.open("ab") as log:
            log.write(f"{line}\n".encode("utf-8", "surrogateescape"))

    def wait(self, seconds: float) -> bool:
        """Wait for the end; returns whether it came in time."""
        return self._process.wait(max(0.0, seconds))

    def end_log(self) -> None:
        """Have the log whole in its file: nothing is written to it any more."""
        self._log.close()

    @property
    def unlogged(self) -> str:
        """Why the log is not whole, if it is not."""
        return self._log.fault

    def _read(self, reader: int) -> None:
        """Read what there is at once, not line by line: a step may write a million lines a second."""
        held = b""
        with os.fdopen(reader, "rb", buffering=0) as stream:
            while chunk := stream.read(LINE_LIMIT):
                held = self._take(held, self._masker.feed(chunk))
        self._take(held, self._masker.flush(), end=True)

    def _take(self, held: bytes, shown: bytes, *, end: bool = False) -> bytes:
        """Keep and pass on what was `shown` by now, behind the unfinished line that is `held`; returns the one at its end."""
        self._log.write(shown)
        *lines, rest = (held + shown).split(b"\n")
        if len(rest) >= LINE_LIMIT or (end and rest):
            lines.append(rest)
            rest = b""
        if lines:
            self.last = lines[-1].decode("utf-8", "replace").rstrip("\r")
            self._inbox.put_lines(self.task, lines)
        return rest

    def _wait(self) -> None:
        self._process.wait()
        self._reader.join(DRAIN_SECONDS)
        self._inbox.put(Ended(self.task, self._process.exit_code))


class _Started:
    """A step process that is started afresh, as an orchestrator does it."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], output: int) -> None:
        self._process = subprocess.Popen(
            [*step_process(), *arguments],
            env={**environ, parent.VARIABLE: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def exit_code(self) -> int:
        """Its exit status once it is over; negative for a signal."""
        return self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process group, if it runs."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; returns whether it came in time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return True
        return False


def end_all(children: Iterable[Child]) -> None:
    """End process groups: politely, so that step processes end their bodies, and after a grace period without asking."""
    left = list(children)
    for child in left:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + parent.GRACE_SECONDS
    for child in left:
        if not child.wait(deadline - time.monotonic()):
            child.signal(signal.SIGKILL)
