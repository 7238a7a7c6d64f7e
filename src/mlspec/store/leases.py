"""The lease of a run: one process at a time makes it.

In: an open store and the folder of a run. Out: a lease that is held until it is released or its owner dies; who holds one.
Owns how a lease is taken, kept and judged; never ends a process (see `engine.takeover`). Standard library only.
Change it when a kind of store can lock in a better way.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from mlspec.errors import StoreError
from mlspec.store import json_files, layout
from mlspec.store.files import make_folder
from mlspec.store.filesystem import LocalStore, Store, store_errors
from mlspec.store.owners import Owner, owner_from, this_process
from mlspec.terms import Json

HEARTBEAT_SECONDS = 15.0
"""How often an owner says that it lives. It counts where its process cannot be asked: on another machine."""

STALE_SECONDS = 4 * HEARTBEAT_SECONDS
SETTLE_SECONDS = 2.0
"""How long a lease on a remote store must stand before it counts: two may have written it at once, and one of them was last."""


class LeaseError(StoreError):
    """Another process makes this run."""


class Holder(NamedTuple):
    """What a lease says: its id, whose it is (None where it is damaged), and the last sign of life by the owner's clock."""

    id: str
    owner: Owner | None
    heartbeat: float

    @property
    def lives(self) -> bool:
        """Whether the owner goes on, as far as can be told from here."""
        if self.owner is None:
            return False
        return self.owner.lives if self.owner.here else time.time() - self.heartbeat < STALE_SECONDS


def holder(store: Store, run: str) -> Holder | None:
    """Who holds the lease of a run, alive or not; None when nobody does."""
    try:
        noted = json_files.read_object(store, layout.lease(run))
    except StoreError:
        noted = None if store.read(layout.lease(run)) is None else {}
    if noted is None:
        return None
    heartbeat = noted.get("heartbeat")
    found = noted.get("owner")
    owner = owner_from(found) if isinstance(found, Mapping) else None
    return Holder(str(noted.get("id", "")), owner, float(heartbeat) if isinstance(heartbeat, int | float) else 0.0)


class Lease:
    """The lease of the run in the folder `run`. Raises `LeaseError` when it is another's, and `StoreError`.

    On a local store a lock on the run's folder, which ends with its process, decides; what is written beside it tells others who
    holds it. A remote store has what is written alone. `before` is whose the lease was: an owner that died.
    """

    def __init__(self, store: Store, run: str, run_id: str) -> None:
        self.id = os.urandom(8).hex()
        self.on_loss: Callable[[str], None] = lambda _: None
        self.lost = False
        self._store = store
        self._run = run
        self._run_id = run_id
        self._lock = _lock(store, run)
        self._released = threading.Event()
        try:
            if self._lock is not None and self._lock < 0:
                raise LeaseError(self._refusal(holder(store, run)))
            self.before = self._wait_for_the_dead(holder(store, run))
        except BaseException:
            self._unlock()
            raise

    def take(self) -> None:
        """Write our name, and keep saying that we live. Apart from the start, so that what `before` left can be ended first."""
        self._write()
        if not isinstance(self._store, LocalStore):
            time.sleep(SETTLE_SECONDS)
            if (found := holder(self._store, self._run)) is None or found.id != self.id:
                raise LeaseError(self._refusal(found))
        threading.Thread(target=self._beat, daemon=True).start()

    def release(self) -> None:
        """Give the run free."""
        self._released.set()
        with suppress(StoreError):  # then our death will tell
            found = holder(self._store, self._run)
            if found is not None and found.id == self.id:
                self._store.remove(layout.lease(self._run))
        if isinstance(self._store, LocalStore):
            with suppress(OSError):  # it holds something: only a run that never began leaves nothing
                self._store.path(self._run).rmdir()
        self._unlock()

    def _wait_for_the_dead(self, found: Holder | None) -> Holder | None:
        """Return the dead owner, None when there was none; raises `LeaseError` when it lives."""
        if found is None or found.owner is None:
            return found
        ours_to_ask = found.owner.here or (self._lock is not None and found.owner.boot == this_process().boot)
        if found.lives and not (self._lock is not None and ours_to_ask):
            raise LeaseError(self._refusal(found))
        if not ours_to_ask:  # clocks differ between machines: what is old by ours may be new
            time.sleep(HEARTBEAT_SECONDS * 1.5)
            again = holder(self._store, self._run)
            if again is not None and again != found:
                raise LeaseError(self._refusal(again))
        return found

    def _refusal(self, found: Holder | None) -> str:
        who = "another process" if found is None or found.owner is None else str(found.owner)
        return f"run {self._run_id} is in progress: {who} makes it; wait for it, or end that process first"

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS):
            with suppress(StoreError):  # a store that fails now and then: the next beat counts
                found = holder(self._store, self._run)
                if found is not None and found.id != self.id:
                    self.lost = True
                    self.on_loss(f"run {self._run_id} has been taken over by {found.owner or 'another process'}")
                    return
                if not self._released.is_set():
                    self._write()

    def _write(self) -> None:
        noted: dict[str, Json] = {"version": 1, "id": self.id, "owner": this_process()._asdict(), "heartbeat": time.time()}
        json_files.write(self._store, layout.lease(self._run), noted)

    def _unlock(self) -> None:
        if self._lock is not None and self._lock >= 0:
            os.close(self._lock)
        self._lock = None


def _lock(store: Store, run: str) -> int | None:
    """Lock the folder of a run: its descriptor, -1 when another has it, None where the store cannot lock."""
    if not isinstance(store, LocalStore):
        return None
    import fcntl

    with store_errors():
        make_folder(store.path(run))
        descriptor = os.open(store.path(run), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return -1
    except OSError:  # some network file systems lock no folders
        os.close(descriptor)
        return None
    return descriptor
