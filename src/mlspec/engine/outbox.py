"""What a run tells of, in order: the end of a step only when the disk has what it made.

In: events, and of those that say an end, what must last before. Out: the same events, some of them later. Owns when it is waited for
the disk: aside, for all steps at once that have ended meanwhile, so that those that follow need not wait; never decides anything.
Change it when something else must have happened before a run tells of it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mlspec.engine.events import Event
from mlspec.engine.inbox import Inbox, Synced
from mlspec.errors import StoreError, sentence
from mlspec.store.files import sync, sync_entry

_PAUSE = 0.2
"""Seconds after a wait for the disk in which there is no other one, at most."""


class Made(NamedTuple):
    """What is to last: `whole` files and folders, and the names in `folders`, the innermost first."""

    whole: Sequence[Path] = ()
    folders: Sequence[Path] = ()


@dataclass(slots=True)
class _Waiting:
    """An event that is not told yet, and what is to last before."""

    event: Event
    made: Made
    lasts: bool


class Outbox:
    """Tells events in the order in which they come. Used by one thread, with another one that waits for the disk."""

    def __init__(self, emit: Callable[[Event], None], inbox: Inbox) -> None:
        self._emit = emit
        self._inbox = inbox
        self._line: deque[_Waiting] = deque()
        self._todo: list[_Waiting] = []
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._reason = ""

    @property
    def empty(self) -> bool:
        """Whether all has been told."""
        return not self._line

    def emit(self, event: Event) -> None:
        """Tell an event, after those before it."""
        if self._line:
            self._line.append(_Waiting(event, Made(), lasts=True))
        else:
            self._emit(event)

    def emit_when_durable(self, event: Event, made: Made | None) -> None:
        """Tell an event as soon as the disk has what it speaks of."""
        if made is None:
            self.emit(event)
            return
        waiting = _Waiting(event, made, lasts=False)
        self._line.append(waiting)
        with self._ready:
            self._todo.append(waiting)
            self._ready.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._sync, daemon=True)
            self._thread.start()

    def go_on(self) -> None:
        """Tell what can be told by now; raises `StoreError` when the disk does not take something."""
        if self._reason:
            raise StoreError(self._reason)
        while self._line and self._line[0].lasts:
            self._emit(self._line.popleft().event)

    def _sync(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._todo)
                batch, self._todo = self._todo, []
            began = time.monotonic()
            try:
                sync(*dict.fromkeys(path for waiting in batch for path in waiting.made.whole))
                for folder in dict.fromkeys(path for waiting in batch for path in waiting.made.folders):
                    sync_entry(folder)
            except FileNotFoundError:  # somebody has removed it meanwhile: nothing is there to last
                pass
            except OSError as error:
                self._reason = sentence(error)
            for waiting in batch:
                waiting.lasts = True
            self._inbox.put(Synced())
            time.sleep(min(time.monotonic() - began, _PAUSE))  # the disk is for the steps as well
