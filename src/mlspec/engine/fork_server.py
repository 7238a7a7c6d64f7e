"""Step processes that are forked from one that has imported all they need, where that can be had.

In: arguments, an environment, a descriptor to write to. Out: a running step process, or None where it must be started afresh.
Owns the server (see `exec.fork_server`), and that what it forked has ended when it is gone; never decides anything.
Change it when step processes must be started in another way.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mlspec.engine.takeover import end_bodies, marked
from mlspec.exec import parent, process_title
from mlspec.exec.fork_server import send
from mlspec.terms import Json

_NAME = "_server"
"""What the server is marked with in the place of a step, none of which is called so."""

_LONGEST = 100_000
"""Bytes of arguments up to which a process takes them in any case: beyond that, the kernel may refuse, and is to be asked."""

_MOST_LOST = 3
"""How many servers may vanish until processes are started without one."""


def step_process() -> list[str]:
    """Return how a step process is started; its arguments follow."""
    return [sys.executable, "-P", "-m", "mlspec", "exec"]


class Forked:
    """A step process that a server forked. It is over when its end is known."""

    def __init__(self, server: ForkServer, number: int) -> None:
        self.number = number
        self.exit_code = -int(signal.SIGKILL)
        self._server = server
        self._over = threading.Event()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process group, if it runs."""
        self._server.signal(self, number)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; returns whether it came in time."""
        return self._over.wait(seconds)

    def end(self, exit_code: int) -> None:
        """Take note of its end."""
        self.exit_code = exit_code
        self._over.set()


class ForkServer:
    """The server of one run, started when it is first needed, and anew when it has vanished. `environ` has no secrets."""

    def __init__(self, environ: Mapping[str, str], lease: str) -> None:
        self._environ = marked(environ, lease, _NAME)
        self._lease = lease
        self._numbers = itertools.count()
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._running: dict[int, Forked] = {}
        self._lock = threading.Lock()
        self._lost = 0 if sys.platform == "linux" else _MOST_LOST

    def start(self, arguments: Sequence[str], environ: Mapping[str, str], output: int) -> Forked | None:
        """Fork a step process; None where one must be started."""
        if sum(map(len, arguments)) > _LONGEST or not self._ready():
            return None
        forked = Forked(self, next(self._numbers))
        with self._lock:
            self._running[forked.number] = forked
        try:
            self._send({"id": forked.number, "arguments": list(arguments), "environ": dict(environ)}, (output,))
        except OSError:
            with self._lock:
                return None if self._running.pop(forked.number, None) else forked
        return forked

    def signal(self, forked: Forked, number: signal.Signals) -> None:
        """Send a signal; what has ended is past it."""
        with suppress(OSError):
            self._send({"id": forked.number, "signal": int(number)})

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        """End the server, and with it what it still runs."""
        if self._channel is not None:
            with suppress(OSError):
                self._channel.shutdown(socket.SHUT_WR)
        if self._process is not None:
            self._process.wait()

    def _ready(self) -> bool:
        if self._channel is None and self._lost < _MOST_LOST:
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    self._process = subprocess.Popen(
                        [*step_process(), parent.SERVE, process_title.ROOM],
                        env={**self._environ, parent.VARIABLE: str(os.getpid())},
                        stdin=theirs.fileno(),
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                except OSError:
                    ours.close()
                    self._lost = _MOST_LOST
                    return False
            self._channel = ours
            threading.Thread(target=self._listen, args=(ours, self._process), daemon=True).start()
        return self._channel is not None

    def _send(self, request: dict[str, Json], descriptors: tuple[int, ...] = ()) -> None:
        if self._channel is None:
            raise BrokenPipeError
        send(self._channel, request, descriptors)

    def _listen(self, channel: socket.socket, process: subprocess.Popen[bytes]) -> None:
        """Take in what the server says, and see to its end."""
        with channel.makefile("rb") as answers, suppress(OSError):
            for line in answers:
                self._take(line)
        process.wait()
        if self._running:
            end_bodies(self._lease, _NAME)
        self._lost += 1
        self._channel = None
        channel.close()
        with self._lock:
            left, self._running = list(self._running.values()), {}
        for forked in left:
            forked.end(-int(signal.SIGKILL))

    def _take(self, line: bytes) -> None:
        message = json.loads(line)
        with self._lock:
            forked = self._running.pop(message["id"], None)
        if forked is not None:
            forked.end(message["status"])
