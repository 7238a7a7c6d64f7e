"""The runs of one lifecycle in a store.

In: a store and a lifecycle. Out: its runs, their records and manifests, as JSON values.
Owns `_run.json`, what `latest` means and how run ids are made; never judges what a record says.
Change it when something must be known of a run as a whole that no step's record tells.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from mlspec.errors import StepError, sentence
from mlspec.store.filesystem import fetch, is_remote, local_path, open_store
from mlspec.store.layout import RECORD, failure_name, failures_folder, run_folder, run_id_of, step_folder
from mlspec.store.records import encoded
from mlspec.terms import Json

MANIFEST = "_run.json"
LATEST = "latest"

Place: TypeAlias = tuple[str, int | None]
"""A step's name, and the number of its instance."""


class RunError(Exception):
    """What was asked of a run cannot be done; the text says why."""


def now() -> str:
    """The time as records write it: UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_run_id() -> str:
    """Return a run id that sorts by time and says it: `20260131-235959-1f2e`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class StoreError(RunError):
    """The store cannot be used: it is out of reach, its library is missing, its disk is full."""


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the store's own failure into a `StoreError`."""
    try:
        yield
    except StepError as error:
        raise StoreError(str(error)) from None
    except BrokenPipeError:  # that is no file's: whoever read our output has gone
        raise
    except OSError as error:
        raise StoreError(sentence(error)) from None


class Runs:
    """Reads and writes the runs of `lifecycle`; a relative `store` is relative to `project`."""

    def __init__(self, lifecycle: str, store: str, project: Path) -> None:
        self.lifecycle = lifecycle
        self.project = project
        local = not is_remote(store) and not store.startswith("file:")
        with store_errors():
            self.store = open_store(str(project / store) if local else store)

    def names(self, relative: str) -> list[str]:
        """The names in a folder of the store, sorted; raises `RunError` when the store cannot be reached."""
        with store_errors():
            return self.store.names(relative)

    def folder(self, run_id: str) -> str:
        """The folder of a run, relative to the store."""
        return run_folder(self.lifecycle, run_id)

    def ids(self) -> list[str]:
        """Every run that left a record or a manifest, the oldest first."""
        started = {run_id: self._started(run_id) for run_id in self._folders()}
        return sorted((run_id for run_id in started if started[run_id]), key=lambda run_id: (started[run_id], run_id))

    def resolve(self, run_id: str) -> str:
        """Return `run_id`, or for `latest` the newest one; raises `RunError` when there is no such run."""
        known = self._folders()
        if run_id == LATEST and LATEST not in known:
            runs = self.ids()
            if not runs:
                raise RunError(f"{self.lifecycle} has no run in {self.store.base}")
            return runs[-1]
        if run_id not in known:
            raise RunError(f"{self.lifecycle} has no run {run_id!r} in {self.store.base}")
        return run_id

    def records(self, run_id: str) -> dict[Place, Mapping[str, Json]]:
        """Return every record of a run; raises `RunError` when one cannot be read."""
        run, found = self.folder(run_id), {}
        for name in self.names(run):
            if name.startswith((".", "_")):
                continue
            for index in self._indices(run, name):
                record = self.read_json(f"{step_folder(run, name, index)}/{RECORD}")
                if record is not None:
                    found[name, index] = record
        return found

    def manifest(self, run_id: str) -> Mapping[str, Json] | None:
        """What `mlspec run` wrote about a run; None for a run that an orchestrator made."""
        return self.read_json(f"{self.folder(run_id)}/{MANIFEST}")

    def write_manifest(self, run_id: str, manifest: Mapping[str, Json]) -> None:
        """Write what is to be known of a run without its spec."""
        self.write_json(f"{self.folder(run_id)}/{MANIFEST}", manifest)

    def forget(self, run_id: str, place: Place) -> None:
        """Remove all that a step left in a run, so that it can run again or not at all."""
        run = self.folder(run_id)
        self.store.remove(step_folder(run, *place))
        name = failure_name(*place)
        for entry in self.names(failures_folder(run)):
            if entry == name or (place[1] is None and entry.startswith(f"{name}.")):
                self.store.remove(f"{failures_folder(run)}/{entry}")

    def read_uri(self, uri: str, scratch: Path) -> Json:
        """Read the JSON file that a record's `uri` names; raises `RunError`. `scratch` is for downloads."""
        try:
            with store_errors():
                path = fetch(uri, scratch) if is_remote(uri) else self._local(uri)
            return json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise RunError(f"{uri} cannot be read: {error}") from None

    def read_json(self, relative: str) -> Mapping[str, Json] | None:
        """Read a JSON object of the store; None when there is no such file. Raises `RunError` when it is damaged."""
        with store_errors():
            content = self.store.read(relative)
        if content is None:
            return None
        try:
            value = json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise StoreError(f"{self.store.uri(relative)} is damaged: it is not a JSON object")
        return value

    def write_json(self, relative: str, value: Mapping[str, Json]) -> None:
        """Write a JSON object into the store, all at once."""
        with store_errors():
            self.store.write(relative, encoded(value))

    def _local(self, uri: str) -> Path:
        return local_path(uri) if uri.startswith("file:") else self.project / uri

    def _folders(self) -> list[str]:
        return [run_id_of(name) for name in self.names(self.lifecycle) if not name.startswith((".", "_"))]

    def _indices(self, run: str, name: str) -> Iterator[int | None]:
        yield None
        yield from (int(entry) for entry in self.names(f"{run}/{name}") if entry.isascii() and entry.isdigit())

    def _started(self, run_id: str) -> str:
        manifest = self.manifest(run_id)
        if manifest is not None:
            return str(manifest["resumed"] or manifest["started"])
        return max((str(record.get("started")) for record in self.records(run_id).values()), default="")
