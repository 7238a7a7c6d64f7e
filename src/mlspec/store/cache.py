"""Where an equal step's outputs are: one entry for each key that a step of a lifecycle has had.

In: keys. Out: the run and the record of the step that had it last. Owns the form of an entry; never makes a key and never
copies an output (see `exec.cache`). Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

from mlspec.store import json_files, layout
from mlspec.store.filesystem import Store
from mlspec.store.layout import Place
from mlspec.store.records import Record, Records


class CacheEntries:
    """The cache entries of one lifecycle. Raises `StoreError`."""

    def __init__(self, store: Store, lifecycle: str) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def find(self, key: str) -> tuple[str, Record] | None:
        """The run that an entry names and the record there; None when there is none of a step that succeeded."""
        entry = json_files.read_object(self._store, layout.cache_entry(self._lifecycle, key))
        if entry is None or not isinstance(run_id := entry.get("run_id"), str):
            return None
        record = Records(self._store, self._lifecycle, run_id).read(entry.get("step", ""), entry.get("index"))
        return (run_id, record) if record is not None and record["status"] == "succeeded" else None

    def put(self, key: str, run_id: str, place: Place) -> None:
        """Let the key mean the outputs of this step."""
        step, index = place
        json_files.write(
            self._store, layout.cache_entry(self._lifecycle, key), {"run_id": run_id, "step": step, "index": index}
        )
