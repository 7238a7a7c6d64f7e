"""A process between the step process and a body, so that nothing a body starts outlives either.

In: a command, its environment, orders to end it. Out: how its first process ended. Owns that all its processes end: with the body,
with the step process however that ends, and when they have left their process group. Never decides when, nor what an end means.
Standard library only; off Linux it ends process groups alone. Change it when processes of a body are found in another way.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mlspec.errors import StepError
from mlspec.exec.output import Streams

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL; less than orchestrators leave to the step process itself."""

TERMINATE, KILL = b"T", b"K"

PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_FAILED = b"!"
NO_STREAMS = Streams()


class Body:
    """A running body. The process that forks it adopts what the body leaves behind, and sees the step process end by a pipe."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], streams: Streams = NO_STREAMS) -> None:
        prctl(_PR_SET_CHILD_SUBREAPER, 1)  # should the process in between be killed, what it kept comes to us
        self._name = command[0]
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._orders)
                os.close(self._answers)
                _serve(command, environment, streams, orders, answers)
            finally:
                os._exit(0)
        os.close(orders)
        os.close(answers)

    def order(self, order: bytes) -> None:
        """Ask the body's process group to end, or end it; what is over already is fine."""
        with suppress(BrokenPipeError, BlockingIOError):
            os.write(self._orders, order)

    def wait(self) -> int:
        """Wait until all of it is over; its exit status, negative for a signal. Raises `StepError` when it could not be started."""
        parts = []
        while part := os.read(self._answers, 4096):
            parts.append(part)
        status = os.waitpid(self._pid, 0)[1]
        answer = b"".join(parts)
        if answer.startswith(_FAILED):
            raise StepError(f"{self._name} cannot be started: {answer[1:].decode(errors='replace')}")
        if not answer:
            end_descendants()
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else 1
        return int(answer)

    def close(self) -> None:
        """Let go of it, once no order can come any more."""
        os.close(self._orders)
        os.close(self._answers)


def _serve(command: Sequence[str], environment: Mapping[str, str], streams: Streams, orders: int, answers: int) -> None:
    """All that the process in between does."""
    os.setsid()  # what ends the step process's group leaves us to clear up
    wake_in, wake_out = os.pipe()
    os.set_blocking(wake_out, False)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)) or number == signal.SIGCHLD:
            signal.signal(number, lambda *_: None)  # a handler, which unlike SIG_IGN the body does not inherit
    signal.set_wakeup_fd(wake_out, warn_on_full_buffer=False)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        body = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=streams.out,
            stderr=streams.err,
            start_new_session=True,
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"an argument or variable has an {error}"
        os.write(answers, _FAILED + str(reason).encode(errors="replace"))
        return
    _await(body.pid, orders, wake_in)
    exit_code = body.wait()
    end_descendants()
    os.write(answers, str(exit_code).encode())


def _await(group: int, orders: int, wake: int) -> None:
    """Wait for the first process of the body, left unreaped so that its group's number is nobody else's, and end the group.

    A group that was asked to end has until the next order, or until our parent has gone.
    """
    asked, limit = False, float("inf")
    while time.monotonic() < limit:
        over = os.waitid(os.P_PID, group, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
        if over and not (asked and _runs(group)):
            break
        if over and limit == float("inf"):
            limit = time.monotonic() + GRACE + 1
        ready = select.select([orders, wake], [], [], 0.02 if over else None)[0]
        if wake in ready:
            os.read(wake, 4096)
        if orders in ready:
            order = os.read(orders, 64)
            if not order:
                break
            asked = True
            _signal_group(group, signal.SIGKILL if KILL in order else signal.SIGTERM)
    _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a zombie
        os.killpg(group, number)


def end_descendants() -> None:
    """End and reap every process that descends from this one; what cannot be ended is waited for no longer than `GRACE`."""
    limit = time.monotonic() + GRACE
    while time.monotonic() < limit:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in _descendants(os.getpid()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def _descendants(ancestor: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, _state, parent, _group in _processes():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    pending = [ancestor]
    while pending:
        below = [pid for pid in children.get(pending.pop(), ()) if pid not in found]
        found.update(below)
        pending += below
    return found


def _runs(group: int) -> bool:
    """Whether any process of a group runs. Ended ones that nobody reaps, as in many containers, still take signals."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    processes = list(_processes())
    return not processes or any(its == group and state not in "ZX" for _pid, state, _parent, its in processes)


def _processes() -> Iterator[tuple[int, str, int, int]]:
    """Each process with its state, parent and group, where the kernel tells."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            state, parent, group = path.read_text(errors="replace").rpartition(")")[2].split()[:3]
            yield int(path.parent.name), state, int(parent), int(group)


def prctl(option: int, value: int) -> None:
    """Ask Linux for something that Python has no function for; where it cannot be had, processes are ended as far as they are found.

    Not by `ctypes`, whose import takes as long as all else that a body needs to start.
    """
    if sys.platform != "linux":
        return
    with suppress(ImportError, AttributeError, OSError):
        import _ctypes

        function = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]
        _ctypes.call_function(function, (option, value, 0, 0, 0))
