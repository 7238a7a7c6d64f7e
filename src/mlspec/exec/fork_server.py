"""A process that is ready to become any step process: it has imported all that one needs, and forks for each.

In: requests on its standard input, a socket of the runner's. Out: step processes that differ from started ones in nothing that a step
sees, and how each ended. Owns that none of them outlives it; never runs a body itself, and never starts a thread.
Linux and the standard library only. Change it when a step process must begin in another way.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any

from mlspec.exec import process_title
from mlspec.exec.parent import GRACE_SECONDS, end_with, end_with_parent
from mlspec.exec.reuse import Reuse
from mlspec.store.owners import this_process
from mlspec.terms import DONE, FINDINGS

_HEADER = 4
_NEEDED = {
    "--call": ("tempfile",),
    "--uses": ("tempfile",),
    "--gate": ("mlspec.expr.cel",),
    "--when": ("mlspec.expr.cel",),
}
"""What a step process imports for an option: here once, before the first of them is forked."""


def serve() -> list[str] | None:
    """Serve until the runner goes. Returns in each process that is forked, with its arguments, and then with None."""
    for module in ("fcntl", "hashlib", "mlspec.observers.record"):
        import_module(module)
    end_with_parent()
    this_process()  # what it says of the machine, all that are forked know
    return _Server(socket.socket(fileno=0)).run()


class _Server:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        self._handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGCHLD)}
        self._blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._reuse = Reuse()
        self._running: dict[int, int] = {}
        """The id of each request, by that of its process."""
        self._program = sys.orig_argv[: -len(sys.argv[1:])]
        """The arguments that begin those of each process: they say which `mlspec` it is."""
        self._limit: float | None = None
        """When those that still run are killed, once the runner has gone or has ended us."""

    def run(self) -> list[str] | None:
        """Answer requests."""
        process_title.show([*self._program, "serve"])  # who ends `mlspec exec` ends steps
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._asked_to_end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        gc.freeze()  # collecting in a forked process would copy what both share
        while self._limit is None or self._running:
            ready = {descriptor for descriptor, _ in poll.poll(None if self._limit is None else 100)}
            if self._wake in ready:
                os.read(self._wake, 4096)
            if self._channel.fileno() in ready and (arguments := self._serve_one(poll)) is not None:
                return arguments
            self._reap()
            if self._limit is not None and time.monotonic() > self._limit:
                self._signal_all(signal.SIGKILL)
        return None

    def _serve_one(self, poll: select.poll) -> list[str] | None:
        """Do what one request says; returns the arguments in the process that it asked for."""
        received = _receive(self._channel)
        if received is None:
            poll.unregister(self._channel)
            self._end_all()
            return None
        request, descriptors = received
        if "signal" in request:
            self._signal(request["id"], signal.Signals(request["signal"]))
            return None
        (output,) = descriptors
        try:
            if self._reused(request, output):
                self._report({"id": request["id"], "status": DONE})
                return None
            return self._fork(request, output)
        finally:
            with suppress(OSError):  # the process that was forked has its own
                os.close(output)

    def _reused(self, request: dict[str, Any], output: int) -> bool:
        def write(line: str) -> None:
            with suppress(OSError):
                os.write(output, line.encode("utf-8", "surrogateescape"))

        _set_environ(request["environ"])
        return self._reuse.take(request["arguments"], write)

    def _fork(self, request: dict[str, Any], output: int) -> list[str] | None:
        arguments: list[str] = request["arguments"]
        for option in _NEEDED.keys() & set(arguments):
            for module in _NEEDED[option]:
                with suppress(ImportError):  # the process itself says what it lacks
                    import_module(module)
        server = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, self._handlers)  # until the new process has its own handlers
        try:
            pid = os.fork()
        except OSError as error:
            os.write(output, f"mlspec: its process cannot be started: {error.strerror}\n".encode())
            self._report({"id": request["id"], "status": FINDINGS})
            return None
        finally:
            if os.getpid() == server:
                signal.pthread_sigmask(signal.SIG_SETMASK, self._blocked)
        if pid:
            self._running[pid] = request["id"]
            return None
        self._become(request["environ"], output, server)
        process_title.show([*self._program, "exec", *arguments])
        return arguments

    def _become(self, environ: dict[str, str], output: int, server: int) -> None:
        """Be as a process is that has just been started."""
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        self._channel.detach()
        for descriptor, number in ((null, 0), (output, 1), (output, 2)):
            os.dup2(descriptor, number)
        signal.set_wakeup_fd(-1)
        for descriptor in (null, self._wake, self._waker):
            os.close(descriptor)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        _set_environ(environ)
        end_with(str(server), signal.SIGKILL)  # only a kill ends it before its processes: they have vanished, too
        signal.pthread_sigmask(signal.SIG_SETMASK, self._blocked)

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            if pid in self._running:
                self._report({"id": self._running.pop(pid), "status": os.waitstatus_to_exitcode(status)})

    def _asked_to_end(self, _number: int, _frame: FrameType | None) -> None:
        self._end_all()

    def _end_all(self) -> None:
        """End with the runner, as step processes do that it has started itself."""
        if self._limit is None:
            self._limit = time.monotonic() + GRACE_SECONDS
            self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for identity in list(self._running.values()):
            self._signal(identity, number)

    def _signal(self, identity: int, number: signal.Signals) -> None:
        """Send a signal to the group of a process, or to it alone where it has not come to make one yet."""
        for pid, its in self._running.items():
            if its == identity:
                send: Callable[[int, int], None]
                for send in (os.killpg, os.kill):
                    with suppress(ProcessLookupError):
                        send(pid, number)
                        return

    def _report(self, message: dict[str, Any]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # who is not there needs no answer
            self._channel.sendall(json.dumps(message).encode() + b"\n")


def _set_environ(environ: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)


def _receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """One request with its descriptors; None when there will be no more."""
    header, descriptors, _, _ = socket.recv_fds(channel, _HEADER, 1)
    while 0 < len(header) < _HEADER:
        header += channel.recv(_HEADER - len(header))
    left = int.from_bytes(header, "big")
    parts = []
    while left and (part := channel.recv(left)):
        parts.append(part)
        left -= len(part)
    return (json.loads(b"".join(parts)), descriptors) if parts and not left else None


def send(channel: socket.socket, request: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    """Send a request to a server; raises `OSError` when there is none any more."""
    content = json.dumps(request).encode()
    header = len(content).to_bytes(_HEADER, "big")
    if descriptors:
        socket.send_fds(channel, [header], descriptors)
    else:
        channel.sendall(header)
    channel.sendall(content)
