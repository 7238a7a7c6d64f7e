"""What a run waits for: lines and ends of step processes, and requests to end.

In: messages of any thread, and signals. Out: one message at a time, in order. Owns the bound on lines that nobody has taken yet: a
reader that pauses must neither fill the memory nor hold up the steps. Never decides anything.
Change it when a run must learn of something new while it waits.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeAlias

from mlspec.engine.events import Event
from mlspec.engine.frontier import Task

LINES_BYTES = 4 * 1024 * 1024
"""How much of what steps wrote waits to be shown; what comes beyond it is in their logs alone."""

LAST_LINES = 15
"""How many lines at the end of what a step wrote are shown in any case: they tell why it failed."""

_LINE_BYTES = 256
"""What an empty line takes in memory, about."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of output, without its end."""

    task: Task
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The process is over; a negative status is the signal that ended it."""

    task: Task
    exit_code: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The run is to end: by a signal, or for a `reason`. It waits in line, so that it never comes between a process and its `Child`."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Synced:
    """The disk has what some steps made that have ended."""


Message: TypeAlias = Line | Ended | Interrupt | Synced


class Inbox:
    """A queue of messages. All but lines are always taken in; lines while there is room, and then the last ones, behind a note of how many
    were not."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._size = 0
        self._shows = False
        self._dropped: Counter[Task] = Counter()
        self._last: dict[Task, deque[str]] = {}
        """The last lines of each task that has some which were dropped."""
        self._ready = threading.Condition(threading.RLock())  # a signal may come while this very thread holds it

    def showing(self, emit: Callable[[Event], None]) -> Callable[[Event], None]:
        """Wrap what shows events so that a signal interrupts it at once: it may wait for a reader that has paused."""

        def show(event: Event) -> None:
            self._shows = True
            try:
                emit(event)
            finally:
                self._shows = False

        return show

    def interrupt(self) -> None:
        """Take in a signal; raises `KeyboardInterrupt` when an event is being shown."""
        if self._shows:
            self._shows = False
            raise KeyboardInterrupt
        self.put(Interrupt())

    def put(self, message: Message) -> None:
        """Add a message; never waits."""
        with self._ready:
            if isinstance(message, Line):
                size = len(message.text) + _LINE_BYTES
                if self._size + size > LINES_BYTES or message.task in self._dropped:
                    self._drop(message.task, [message.text])
                    return
                self._size += size
            elif isinstance(message, Ended):
                self._note(message.task)
            self._messages.append(message)
            self._ready.notify()

    def put_lines(self, task: Task, lines: Sequence[bytes]) -> None:
        """Add lines as far as there is room; what a step floods us with costs no more than to be counted."""
        with self._ready:
            for number, raw in enumerate(lines):
                if task in self._dropped:
                    self._drop(task, list(map(_decoded, lines[max(number, len(lines) - LAST_LINES) :])), len(lines) - number)
                    break
                self.put(Line(task, _decoded(raw)))

    def get(self, timeout: float | None) -> Message | None:
        """Take the first message, waiting for one; None when none came in time."""
        with self._ready:
            if not self._ready.wait_for(lambda: self._messages, timeout):
                return None
            message = self._messages.popleft()
            if isinstance(message, Line):
                self._size -= len(message.text) + _LINE_BYTES
                if self._dropped and self._size < LINES_BYTES // 2:
                    for task in list(self._dropped):
                        self._note(task)
            return message

    def _drop(self, task: Task, last: Sequence[str], count: int = 1) -> None:
        self._dropped[task] += count
        self._last.setdefault(task, deque(maxlen=LAST_LINES)).extend(last)

    def _note(self, task: Task) -> None:
        count, last = self._dropped.pop(task, 0), self._last.pop(task, ())
        left_out = count - len(last)
        note = f"mlspec: {left_out} lines are not shown, for nobody read them in time; the log has them"
        for text in ([note] if left_out else []) + [*last]:
            self._messages.append(Line(task, text))
            self._size += len(text) + _LINE_BYTES


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r")


@contextmanager
def signals_to(inbox: Inbox) -> Iterator[None]:
    """Turn the signals that ask to end into messages; all of them count like Ctrl-C, so that no step outlives its run.

    Only in the main thread, which is where Python handles signals. What our parent had us ignore stays ignored.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    main = threading.current_thread() is threading.main_thread()
    before = {
        number: handler for number in numbers if main and (handler := signal.getsignal(number)) not in (None, signal.SIG_IGN)
    }

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        inbox.interrupt()

    try:
        for number in before:
            signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
