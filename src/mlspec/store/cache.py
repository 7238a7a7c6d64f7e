"""Where an equal step's outputs are: one entry for each key that a step of a lifecycle has had.

In: keys. Out: the run and the record of the step that had it last; what the last few keys of a step were made of. Owns the form of an
entry; never makes a key and never copies an output (see `exec.cache`). Standard library only. Change it together with
docs/step-process.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from mlspec.errors import DamagedError, StoreError
from mlspec.store import json_files, layout
from mlspec.store.filesystem import Store
from mlspec.store.layout import Place
from mlspec.store.records import Record, Records

Parts: TypeAlias = Mapping[str, Mapping[str, str]]
"""What a key was made of: group, name, text."""
_KEPT = 5
"""Keys of a step of which the parts are kept: people go back and forth between a few."""


class Made(NamedTuple):
    """A key that a step had, and the run that made its outputs then."""

    key: str
    run_id: str
    parts: Parts


class CacheEntries:
    """The cache entries of one lifecycle. Raises `StoreError`."""

    def __init__(self, store: Store, lifecycle: str) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def find(self, key: str, oldest: str = "") -> tuple[str, Record, str] | None:
        """The run that an entry names, the record there and when its outputs were made; None when there is no entry.

        Raises `StoreError` that says why where what the entry names cannot be taken: there is no record of a step that succeeded with
        this key, or its outputs were made before `oldest`.
        """
        entry = json_files.read_object(self._store, layout.cache_entry(self._lifecycle, key))
        if entry is None:
            return None
        run_id, step, index = (entry.get(name) for name in ("run_id", "step", "index"))
        if not isinstance(run_id, str) or not isinstance(step, str) or not isinstance(index, int | None) or "/" in step:
            raise DamagedError(
                f"{self._store.uri(layout.cache_entry(self._lifecycle, key))} is damaged: it names no step of a run"
            )
        record = Records(self._store, self._lifecycle, run_id).read(step, index)
        if record is None or record["status"] != "succeeded":
            raise StoreError(f"run {run_id} has no result of it any more")
        named = (record.get(name) for name in ("lifecycle", "run_id", "step", "cache_key"))
        if tuple(named) != (self._lifecycle, run_id, step, key):
            raise StoreError(f"what run {run_id} has was made in another way than the entry says")
        noted, ended = entry.get("made"), str(record["ended"])
        made = min(noted, ended) if isinstance(noted, str) and noted else ended if record["cached_from"] is None else ""
        if made < oldest:
            raise StoreError(f"what run {run_id} has was made too long ago")
        return run_id, record, made

    def put(self, key: str, run_id: str, place: Place, made: str) -> None:
        """Let the key mean the outputs of this step, which were `made` then."""
        step, index = place
        entry = {"run_id": run_id, "step": step, "index": index, "made": made}
        json_files.write(self._store, layout.cache_entry(self._lifecycle, key), entry)

    def former(self, place: Place) -> list[Made]:
        """The last few keys that a step or instance had, the newest first. A damaged list is none: it decides nothing."""
        try:
            kept = json_files.read_list(self._store, layout.cache_history(self._lifecycle, *place))
        except DamagedError:
            kept = None
        return [made for item in kept or () if (made := _made(item)) is not None]

    def note(self, key: str, run_id: str, place: Place, parts: Parts) -> None:
        """Remember what a key was made of: this step has been run with it."""
        others = [made for made in self.former(place) if made.key != key]
        now = Made(key, run_id, {group: dict(names) for group, names in parts.items()})
        kept = [made._asdict() for made in (now, *others[: _KEPT - 1])]
        json_files.write(self._store, layout.cache_history(self._lifecycle, *place), kept, durable=False)


def _made(item: Any) -> Made | None:
    key, run_id, parts = (item.get(name) for name in Made._fields) if isinstance(item, dict) else (None, None, None)
    if not isinstance(key, str) or not isinstance(run_id, str) or not isinstance(parts, dict):
        return None
    return Made(key, run_id, parts) if all(isinstance(names, dict) for names in parts.values()) else None
