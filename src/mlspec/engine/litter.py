"""What processes leave that were killed, outside of the runs: their folders for downloads, and entries of the cache that lead nowhere.

In: the runs of a lifecycle, the system's folder for temporary files. Out: paths. Owns how it is known that nobody uses them any more.
Never removes anything. Change it when processes leave something else.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mlspec.errors import StoreError
from mlspec.exec.artifacts import SCRATCH_PREFIX
from mlspec.store import json_files, layout
from mlspec.store.filesystem import LocalStore
from mlspec.store.runs import Runs


def abandoned_scratch() -> Iterator[Path]:
    """Folders of step processes of this user that are dead: each holds a lock on its own while it lives."""
    for path in sorted(Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}*")):
        with suppress(OSError):  # it has gone, or is another's
            if path.lstat().st_uid == os.getuid() and not path.is_symlink() and _is_free(path):
                yield path


def dead_entries(runs: Runs, staying: set[str]) -> Iterator[str]:
    """Entries of the cache whose run is gone, or goes. On a remote store they stay: each is found out when it is looked for."""
    store, folder = runs.store, layout.cache_folder(runs.lifecycle)
    if not isinstance(store, LocalStore):
        return
    for name in store.names(folder):
        if not name.endswith(".json") or name.startswith("."):
            continue
        try:
            entry = json_files.read_object(store, f"{folder}/{name}") or {}
        except StoreError:
            entry = {}
        if entry.get("run_id") not in staying:
            yield f"{folder}/{name}"


def _is_free(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
