"""What trackers know of a run: which of its ended steps they were told of, and what stands for the run itself there.

In: the records of a run. Out: a note for each ended step, beside the records. Owns that what could not be told is known to be
missing, and that one process alone says what stands for the run; never talks to a tracker. Standard library only.
Change it when a tracker must be reminded of something else.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from mlspec.errors import DamagedError, StoreError
from mlspec.store import json_files, layout
from mlspec.store.files import make_folder
from mlspec.store.filesystem import LocalStore, store_errors
from mlspec.store.layout import Place, entry_name
from mlspec.store.records import Records
from mlspec.terms import Json


class Deliveries:
    """The notes of one run. A note counts as long as its step has the record that it was written for: that of its `started`."""

    def __init__(self, records: Records) -> None:
        self._store = records.store
        self._run = records.run

    def facts(self, place: Place, started: Json) -> Mapping[str, Json] | None:
        """What its process knew of a step beyond the record; None where it left nothing."""
        noted = self._read(place, started)
        return noted.get("facts") if noted is not None else None

    def note(self, place: Place, started: Json, facts: Mapping[str, Json]) -> None:
        """Keep what the process of a step knows; no tracker knows of it yet."""
        self._write(place, {"version": 1, "started": started, "facts": dict(facts), "to": {}})

    def knows(self, place: Place, started: Json, tracker: str) -> bool:
        """Whether a tracker has been told of the end of a step."""
        noted = self._read(place, started)
        return noted is not None and tracker in noted["to"]

    def note_sent(self, place: Place, started: Json, tracker: str, as_what: str) -> None:
        """Say that a tracker knows the end of a step, and under which name."""
        noted = self._read(place, started) or {"version": 1, "started": started, "facts": {}, "to": {}}
        self._write(place, {**noted, "to": {**noted["to"], tracker: as_what}})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time tell what is left, where the store is a folder."""
        if not isinstance(self._store, LocalStore):
            yield
            return
        path = self._store.path(layout.delivery(self._run, "")).with_name(".lock")
        with store_errors():
            make_folder(path.parent)
            with path.open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield

    def parent(self, tracker: str) -> str | None:
        """What stands for the run at a tracker."""
        found = self._store.read(layout.delivery_parent(self._run, tracker))
        return found.decode("ascii", "replace") if found else None

    def claim_parent(self, tracker: str, name: str) -> str:
        """Let `name` stand for the run, unless another process has been faster; returns what does."""
        if self._store.create(layout.delivery_parent(self._run, tracker), name.encode("ascii")):
            return name
        return self.parent(tracker) or name

    def forget_parent(self, tracker: str) -> None:
        """Say that nothing stands for the run there any more."""
        self._store.remove(layout.delivery_parent(self._run, tracker))

    def _read(self, place: Place, started: Json) -> dict[str, Any] | None:
        with suppress(DamagedError):  # then its step is told of again, which finds what is there
            noted = json_files.read_object(self._store, layout.delivery(self._run, entry_name(*place)))
            if noted is not None and noted.get("started") == started:
                facts, to = noted.get("facts"), noted.get("to")
                return {
                    **noted,
                    "facts": facts if isinstance(facts, dict) else {},
                    "to": to if isinstance(to, dict) else {},
                }
        return None

    def _write(self, place: Place, noted: dict[str, Json]) -> None:
        with suppress(StoreError):  # the record is what counts: a tracker that is told twice finds what it has
            json_files.write(self._store, layout.delivery(self._run, entry_name(*place)), noted, durable=False)
