"""The body of the moment, its time limit, and signals to the step process.

In: a command, its environment, a time limit. Out: how it ended. Owns when a body is told to end: by timeout, or by interruption;
never decides what an end means, nor how processes are found (see `subreaper`). Standard library only.
Change it when bodies must be ended for another reason.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from mlspec.errors import Interrupted, StepError, TimeLimitError
from mlspec.exec.output import MaskedOutput
from mlspec.exec.subreaper import GRACE, KILL, TERMINATE, Body

LONGEST = 1e9
"""Seconds: more than any timer takes is as good as none."""

_INTERRUPTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class End(NamedTuple):
    """How a process ended: its exit status (negative: the signal), and whether its time was up."""

    exit_code: int
    timed_out: bool


class Supervisor:
    """Runs one body at a time, and ends it when the step process is asked to end.

    From `watch_signals` on, SIGTERM, SIGINT, SIGHUP and SIGQUIT raise `Interrupted`, while a body runs only after all of it has
    ended.
    """

    def __init__(self) -> None:
        self.secrets: Sequence[str] = ()
        """Values that nothing shows which a body writes."""
        self._signals = [number for number in _INTERRUPTS if signal.getsignal(number) is not signal.SIG_IGN]
        self._body: Body | None = None
        self._interrupt: str | None = None
        self._timed_out = False
        self._ending = False
        self._limited = False

    def watch_signals(self) -> None:
        """Take over the signals that ask a process to end, but for those that our parent had us ignore (`nohup`)."""
        signal.signal(signal.SIGALRM, self._alarm)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # were it ignored, every body would seem to end with 0
        for number in self._signals:
            signal.signal(number, self._interrupted)

    @contextmanager
    def interruptible(self, seconds: float) -> Iterator[None]:
        """Let signals and a time limit interrupt what is done meanwhile, and nothing after it."""
        try:
            self.watch_signals()
            with self.within(seconds):
                yield
        finally:
            self.ignore_signals()

    def ignore_signals(self) -> None:
        """From now on let nothing interrupt: what is left to do is short and must be done."""
        for number in self._signals:
            signal.signal(number, signal.SIG_IGN)

    def run(self, command: Sequence[str], environment: Mapping[str, str], timeout: float | None) -> End:
        """Run a command to its end, and end what it leaves behind.

        Raises `StepError` when it cannot be started, and `Interrupted`.
        """
        self._timed_out = self._ending = False
        output = MaskedOutput(self.secrets)
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)  # the fork must not take ours for its own
        try:
            self._body = Body(command, environment, output.streams)
        except OSError as error:
            raise StepError(f"{command[0]} cannot be started: {error.strerror}") from None
        finally:
            output.started()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)
        if timeout is not None and not self._ending:
            signal.setitimer(signal.ITIMER_REAL, min(timeout, LONGEST))
        try:
            exit_code = self._body.wait()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            body, self._body = self._body, None
            body.close()
            output.close()
            if self._interrupt is not None:
                raise Interrupted(self._interrupt)
        return End(exit_code, self._timed_out)

    @contextmanager
    def within(self, seconds: float | None) -> Iterator[None]:
        """Raise `TimeLimitError` when what is done meanwhile takes longer."""
        self._limited = seconds is not None
        try:
            if seconds is not None:
                signal.setitimer(signal.ITIMER_REAL, min(max(seconds, 0.001), LONGEST))
            yield
        finally:
            self._limited = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _interrupted(self, number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._body is None:
            raise Interrupted(name)
        self._interrupt = name
        self._end()

    def _alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self._body is None:
            if self._limited:
                raise TimeLimitError
        elif self._ending:
            self._body.order(KILL)
        else:
            self._timed_out = True
            self._end()

    def _end(self) -> None:
        """Ask the body to end; after the grace period the alarm ends it without asking."""
        assert self._body is not None, "there is a body to end"
        self._ending = True
        self._body.order(TERMINATE)
        signal.setitimer(signal.ITIMER_REAL, GRACE)
