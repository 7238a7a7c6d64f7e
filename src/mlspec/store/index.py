"""What a list shows of the runs of a lifecycle that are over, in one file, so that a list of hundreds reads hundreds of files once only.

In: summaries of runs, as JSON. Out: those that still hold. Owns when one does: as long as nothing of what a run that goes on writes has
changed. It is a copy: who writes it last wins, whatever is lost or damaged is read again from the runs. Never knows what a summary says.
Standard library only. Change it when a run that is over can change in another way.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from mlspec.errors import StoreError
from mlspec.store import json_files, layout
from mlspec.store.filesystem import LocalStore, Store, reached
from mlspec.terms import Json

_VERSION = 1
_SETTLED_SECONDS = 2.0
"""How old a change must be before its time tells it from the next one."""


class Index:
    """The index of one lifecycle."""

    def __init__(self, store: Store, lifecycle: str) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def read(self) -> dict[str, Mapping[str, Json]]:
        """The summaries by run, each with the `stamp` that it was kept with."""
        try:
            found = json_files.read_object(self._store, layout.index(self._lifecycle)) or {}
        except StoreError:  # it is a copy: the runs tell whether the store is away
            return {}
        runs = found.get("runs")
        if found.get("version") != _VERSION or not isinstance(runs, dict):
            return {}
        return {run_id: entry for run_id, entry in runs.items() if isinstance(entry, dict)}

    def keep(self, entries: Mapping[str, Mapping[str, Json]]) -> None:
        """Write all of it anew; a store that may only be read stays as it is."""
        with suppress(StoreError):
            json_files.write(self._store, layout.index(self._lifecycle), {"version": _VERSION, "runs": entries}, durable=False)

    def stamps(self, run_ids: Iterable[str]) -> dict[str, str]:
        """What changes when a run goes on, by run; nothing for one of which that cannot be told now.

        In a folder that is when its manifest was written and its marks came and went. A remote store has the manifest alone: runs that
        orchestrators make there have no stamp.
        """
        folders = {run_id: layout.run_folder(self._lifecycle, run_id) for run_id in run_ids}
        if isinstance(self._store, LocalStore):
            base, limit = str(self._store.path("")), time.time() - _SETTLED_SECONDS
            found = {run_id: _stamp_of(base, folder, limit) for run_id, folder in folders.items()}
        else:
            found = _digests(self._store, {run_id: layout.manifest(folder) for run_id, folder in folders.items()})
        return {run_id: stamp for run_id, stamp in found.items() if stamp}


def _stamp_of(base: str, folder: str, limit: float) -> str:
    parts = []
    for path in (layout.manifest(f"{base}/{folder}"), layout.marks_folder(f"{base}/{folder}")):
        try:
            found = os.stat(path)  # noqa: PTH116
        except OSError:
            parts.append("")
            continue
        if found.st_mtime > limit:
            return ""
        parts.append(f"{found.st_mtime_ns}/{found.st_ino}")
    return " ".join(parts).strip()


def _digests(store: Store, files: Mapping[str, str]) -> dict[str, str]:
    with reached(store.base) as (filesystem, root):
        paths = {f"{root}/{relative}": run_id for run_id, relative in files.items()}
        contents = filesystem.cat(list(paths), on_error="omit") if paths else {}
        return {paths[path]: hashlib.sha256(content).hexdigest()[:16] for path, content in contents.items() if path in paths}
