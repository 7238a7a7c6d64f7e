"""What a runner that died left behind is ended and removed, before another goes on with its run.

In: a lease whose owner is dead. Out: nothing of it runs any more, and its temporary files are gone. Owns how the processes of a run
are found: by a mark in their environment. Never touches a run whose owner lives (see `store.leases`).
Change it when a runner leaves something of another kind behind.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from mlspec.exec.heartbeat import LEASE
from mlspec.exec.parent import GRACE_SECONDS
from mlspec.store.files import remove
from mlspec.store.filesystem import LocalStore, Store, store_errors
from mlspec.store.leases import Holder, Lease, LeaseError
from mlspec.store.owners import carriers
from mlspec.store.removal import hidden_names
from mlspec.store.runs import Runs

OWNER_VARIABLE = LEASE
"""In the environment of every step process, and so of all that it starts: the id of the lease and the step, `ID.STEP`."""

KILL_SECONDS = 2.0
"""How long a process may take to vanish that was killed."""


@contextmanager
def leased(runs: Runs, run_id: str, *, new: bool = False) -> Iterator[Lease]:
    """Hold the lease of a run, cleared of what a dead owner left; `new` says that there must be none such yet.

    Raises `LeaseError` when another process makes the run.
    """
    run = runs.records(run_id).run
    lease = Lease(runs.store, run, run_id)
    try:
        if lease.before is not None:
            if new:
                raise LeaseError(f"there is a run {run_id} already: another process has just begun it")
            end_what_is_left(lease.before, run_id)
        if not new:
            sweep(runs.store, run)
        lease.take()
        yield lease
    finally:
        lease.release()


def end_what_is_left(before: Holder, run_id: str) -> None:
    """End the processes that a dead owner started and left; raises `LeaseError` when one will not end."""
    if not before.id or before.owner is None or not before.owner.here:
        return
    left = _ended(before.id, {signal.SIGTERM: GRACE_SECONDS, signal.SIGKILL: KILL_SECONDS})
    if not left:
        return
    listed = ", ".join(map(str, sorted(left)))
    raise LeaseError(f"run {run_id} has processes of a runner that died, and they cannot be ended: {listed}")


def end_bodies(lease: str, step: str) -> None:
    """End what a step process left that was killed before it could do so itself: its body must not go on beside the next try."""
    _ended(_mark(lease, step), {signal.SIGKILL: KILL_SECONDS})


def marked(environ: Mapping[str, str], lease: str, step: str) -> dict[str, str]:
    """The environment of a step process by which it is found again, with all that it starts."""
    return {**environ, OWNER_VARIABLE: _mark(lease, step)}


def _mark(lease: str, step: str) -> str:
    return f"{lease}.{step}"


def _ended(mark: str, signals: Mapping[signal.Signals, float]) -> Mapping[int, str]:
    """Send each signal to all that carry a mark, and wait so many seconds for their end; returns those that run on."""
    left = carriers(OWNER_VARIABLE, mark)
    for number, seconds in signals.items():
        limit = time.monotonic() + seconds
        asked: set[int] = set()
        while left and time.monotonic() < limit:
            for pid in left.keys() - asked:  # one may start another while it ends
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            asked |= left.keys()
            time.sleep(0.05)
            left = carriers(OWNER_VARIABLE, mark)
    return left


def sweep(store: Store, run: str) -> None:
    """Remove temporary files and folders of a run that nobody makes: all hidden names where outputs and records stand.

    Remote stores write objects whole and leave none.
    """
    if isinstance(store, LocalStore):
        with store_errors():
            for path in hidden_names(store.path(run)):
                remove(path)
