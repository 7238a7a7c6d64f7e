"""The signs of life of this step process, for whoever looks at its run from another machine.

In: the records of a run, the mark of its step. Out: a sign every few seconds, from a thread. Owns when the first and the last one is
given; what a silence means is the store's (see `store.signs`). Standard library only.
Change it when a sign must be given at another moment.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress

from mlspec.errors import StoreError
from mlspec.store.layout import Place
from mlspec.store.marks import Mark
from mlspec.store.records import Records
from mlspec.store.signs import SIGN_SECONDS

LEASE = "MLSPEC_LEASE"
"""Set by `mlspec run`, which gives a sign for its whole run, and ends with its steps."""


def gives_signs() -> bool:
    """Whether this process gives signs of its own."""
    return LEASE not in os.environ


class Heartbeat:
    """Signs of one start of a step, from `start` to `stop`."""

    def __init__(self, records: Records, place: Place) -> None:
        self._records = records
        self._place = place
        self._over = threading.Event()
        self._mark: Mark | None = None
        self._thread: threading.Thread | None = None

    def start(self, mark: Mark) -> None:
        """Begin, where nobody else gives them."""
        if mark.signs:
            self._mark = mark
            self._thread = threading.Thread(target=self._beat, args=(mark,), daemon=True)
            self._thread.start()

    def stop(self, *, restarts: bool = False) -> None:
        """End, before the mark goes; with a last sign where the step will be started again, from which on that is waited for."""
        self._over.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(SIGN_SECONDS)  # a store that lags: its late sign is that of a start which is over
            if restarts and self._mark is not None:
                with suppress(StoreError):
                    self._records.give_sign(*self._place, self._mark)

    def _beat(self, mark: Mark) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for the thread that ends the body
        while not self._over.wait(SIGN_SECONDS):
            with suppress(StoreError, OSError):  # a store that fails now and then: the next one counts
                if not self._records.holds(*self._place, mark):
                    return
                if not self._over.is_set():
                    self._records.give_sign(*self._place, mark)
