"""Runs taken out of a store, so that at no moment half of one can be read.

In: an open store, a lifecycle, a run. Out: nothing of it. Owns the order: a folder here is renamed first and removed then; on a remote
store a note says that a run is gone before its first object goes, and what a note names is no run any more. What a process that was
killed has left is removed by the next. Never decides what goes (see `engine.cleanup`). Change it when a store can do it in a better way.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from mlspec.errors import StoreError
from mlspec.store import layout, staging
from mlspec.store.files import remove
from mlspec.store.filesystem import LocalStore, Store, store_errors
from mlspec.store.leases import Lease, LeaseError, holder

_PREFIX = ".gone-"
_OLD = 3600.0
"""Seconds after which a file that nobody holds a lock on is taken for left behind."""


def remove_run(store: Store, lifecycle: str, run_id: str) -> None:
    """Remove a run; raises `LeaseError` when a process makes it at this moment, and `StoreError`."""
    run = layout.run_folder(lifecycle, run_id)
    if not isinstance(store, LocalStore):
        found = holder(store, run)
        if found is not None and found.lives:
            raise LeaseError(f"run {run_id} is in progress")
        note = f"{layout.gone_folder(lifecycle)}/{run.rpartition('/')[2]}"
        store.write(note, b"")
        store.remove(run)
        store.remove(note)
        return
    lease = Lease(store, run, run_id)  # whoever wants to make it waits, or is refused, until it is gone
    try:
        aside = f"{lifecycle}/{_PREFIX}{os.urandom(8).hex()}"
        with store_errors():
            store.path(run).rename(store.path(aside))
            remove(store.path(aside))
    finally:
        lease.release()


def left_behind(store: Store, lifecycle: str, busy: frozenset[str]) -> list[str]:
    """What processes that are dead have left: halves of runs that were being removed, and in runs folders of attempts, logs and files
    that were being written; as paths in the store. Runs in `busy` are left alone.
    """
    if not isinstance(store, LocalStore):
        folder = layout.gone_folder(lifecycle)
        return [path for name in store.names(folder) for path in (f"{lifecycle}/{name}", f"{folder}/{name}")]
    with store_errors():
        top = store.path(lifecycle)
        if not top.is_dir():
            return []
        found = [path for path in top.iterdir() if path.name.startswith(_PREFIX)]
        for run in top.iterdir():
            if run.name.startswith((".", "_")) or layout.run_id_of(run.name) in busy or not run.is_dir():
                continue
            if not any(run.iterdir()) and _is_old(run):  # whoever made it died before anything else
                found.append(run)
            found += [path for path in hidden_names(run) if not staging.in_use(path) and _is_old(path)]
        return [path.relative_to(store.root).as_posix() for path in sorted(found)]


def hidden_names(run: Path) -> list[Path]:
    """Hidden names in the folder of a run, of its steps and of their instances; never within an output."""
    found: list[Path] = []
    folders = [run]
    while folders:
        folder = folders.pop()
        with suppress(FileNotFoundError):
            for path in sorted(folder.iterdir()):
                if path.name.startswith("."):
                    found.append(path)
                elif (
                    path.is_dir()
                    and not path.is_symlink()
                    and (folder == run or (folder.parent == run and path.name.isdecimal()))
                ):
                    folders.append(path)
    return found


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > _OLD
    except FileNotFoundError:
        return False


def remove_left_behind(store: Store, paths: list[str]) -> None:
    """Remove what `left_behind` found."""
    for path in paths:
        with suppress(StoreError):  # another one is at it, too
            store.remove(path)
