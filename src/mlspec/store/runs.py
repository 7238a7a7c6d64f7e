"""The runs of one lifecycle in a store.

In: a store and a lifecycle. Out: its runs, with the records and the manifest of each, as JSON values.
Owns what `latest` means and how run ids are made; never judges what a record says.
Change it when something must be known of a run as a whole that is in no step's record.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from mlspec.errors import DamagedError, StoreError
from mlspec.store import json_files, layout
from mlspec.store.excerpts import Excerpt as Excerpt
from mlspec.store.excerpts import excerpt
from mlspec.store.filesystem import LocalStore, fetch, is_remote, local_path, open_store
from mlspec.store.leases import holder
from mlspec.store.records import Records
from mlspec.store.shapes import manifest_fault, outline_fault
from mlspec.store.timestamps import timestamp
from mlspec.terms import Json

LATEST = "latest"


def new_run_id() -> str:
    """Return a run id that sorts by time and says it: `20260131-235959-1f2e`."""
    moment = timestamp()[: len("2026-01-31T23:59:59")].translate({ord("-"): None, ord(":"): None, ord("T"): "-"})
    return f"{moment}-{os.urandom(2).hex()}"


def time_in(run_id: str) -> str:
    """The time that an id made by `new_run_id` says; of any other, one before all times."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-", run_id)
    return "{}-{}-{}T{}:{}:{}".format(*found.groups()) if found else "0"


class Runs:
    """The runs of `lifecycle`; a relative `store` is relative to `project`. Raises `StoreError`."""

    def __init__(self, lifecycle: str, store: str, project: Path) -> None:
        self.lifecycle = lifecycle
        self.project = project
        local = not is_remote(store) and not store.startswith("file:")
        self.store = open_store(str(project / store) if local else store)

    def records(self, run_id: str) -> Records:
        """What one run keeps, whether there is such a run or not."""
        return Records(self.store, self.lifecycle, run_id)

    def ids(self) -> list[str]:
        """Every run that left a record or a manifest, the oldest first."""
        started = {run_id: self._started(run_id) for run_id in self.folders()}
        return sorted((run_id for run_id in started if started[run_id]), key=lambda run_id: (started[run_id], run_id))

    def find(self, run_id: str) -> str | None:
        """Return `run_id`, or for `latest` the newest one that is not of one step alone; None when there is no such run."""
        known = self.folders()
        if run_id == LATEST and LATEST not in known:
            return next((each for each in reversed(self.ids()) if not self._is_partial(each)), None)
        return run_id if run_id in known else None

    def _is_partial(self, run_id: str) -> bool:
        """Whether it is a run of one step (`--only`); of one that is damaged nobody knows, so it is shown."""
        try:
            manifest = self.manifest(run_id)
        except DamagedError:
            return False
        return manifest is not None and manifest.get("only") is not None

    def holds(self, run_id: str) -> bool:
        """Tell whether the store has anything of a run, be it no more than a file that was left behind."""
        return bool(self.store.names(layout.run_folder(self.lifecycle, run_id)))

    def manifest(self, run_id: str) -> Mapping[str, Json] | None:
        """What `mlspec run` wrote about a run; None for a run that an orchestrator made."""
        return json_files.read_object(self.store, self._manifest(run_id), manifest_fault)

    def lives(self, run_id: str) -> bool:
        """Whether a process makes this run, as far as can be told from here."""
        found = holder(self.store, layout.run_folder(self.lifecycle, run_id))
        return found is not None and found.lives

    def write_manifest(self, run_id: str, manifest: Mapping[str, Json]) -> None:
        """Write what is to be known of a run without its spec."""
        json_files.write(self.store, self._manifest(run_id), manifest)

    def outline(self, run_id: str) -> Mapping[str, Json] | None:
        """What the steps of a run made here were to do; None where that was not kept."""
        return json_files.read_object(self.store, self._outline(run_id), outline_fault)

    def write_outline(self, run_id: str, outline: Mapping[str, Json]) -> None:
        """Keep what a run can be drawn from without its spec."""
        json_files.write(self.store, self._outline(run_id), outline, durable=False)

    def path(self, uri: str) -> Path:
        """Where a record's `uri` is on this machine, which must not be a remote one."""
        return local_path(uri) if uri.startswith("file:") else self.project / uri

    def read_uri(self, uri: str) -> Json:
        """Read the JSON file that a record's `uri` names."""
        try:
            if not is_remote(uri):
                return json.loads(self.path(uri).read_bytes())
            import tempfile

            with tempfile.TemporaryDirectory() as scratch:
                return json.loads(fetch(uri, Path(scratch)).read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(f"{uri} cannot be read: {error}") from None

    def excerpt(self, uri: str, *, head: int, tail: int = 0) -> Excerpt:
        """Read the beginning and the end of the file that a record's `uri` names, and how long it is."""
        return excerpt(uri if is_remote(uri) else str(self.path(uri)), head, tail)

    def _manifest(self, run_id: str) -> str:
        return layout.manifest(layout.run_folder(self.lifecycle, run_id))

    def _outline(self, run_id: str) -> str:
        return layout.outline(layout.run_folder(self.lifecycle, run_id))

    def folders(self) -> list[str]:
        """All that may be a run: what has a folder."""
        names = self.store.names(self.lifecycle)
        gone = frozenset() if isinstance(self.store, LocalStore) else self.store.names(layout.gone_folder(self.lifecycle))
        return [layout.run_id_of(name) for name in names if not name.startswith((".", "_")) and name not in gone]

    def _started(self, run_id: str) -> str:
        """When a run started, as text that sorts; of a damaged one, what its id says, so that it is listed nevertheless."""
        try:
            manifest = self.manifest(run_id)
            if manifest is not None:
                return str(manifest.get("resumed") or manifest["started"])
            return max((str(record["started"]) for record in self.records(run_id).all().values()), default="")
        except DamagedError:
            return time_in(run_id)
