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
        entry = json_files.read_object(self._store, layout.cache_entry(self._lifecycle, key)) or {}
        run_id, step, index = (entry.get(name) for name in ("run_id", "step", "index"))
        if not isinstance(run_id, str) or not isinstance(step, str) or not isinstance(index, int | None) or "/" in step:
            return None
        record = Records(self._store, self._lifecycle, run_id).read(step, index)
        if record is None or record["status"] != "succeeded":
            return None
        named = (record.get(name) for name in ("lifecycle", "run_id", "step"))
        return (run_id, record) if tuple(named) == (self._lifecycle, run_id, step) else None

    def put(self, key: str, run_id: str, place: Place) -> None:
        """Let the key mean the outputs of this step."""
        step, index = place
        json_files.write(
            self._store, layout.cache_entry(self._lifecycle, key), {"run_id": run_id, "step": step, "index": index}
        )
