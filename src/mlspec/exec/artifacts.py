"""The inputs and outputs of one step as files on this machine.

In: URIs and declarations. Out: paths for the body, digests for the record, outputs published all at once. Owns where a body
finds and leaves its files; never runs it. Standard library only. Change it when files must reach a body, or leave it,
in another way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlspec.errors import StepError, StoreError
from mlspec.exec.evaluation import read_json
from mlspec.invocation.model import Invocation, Reference
from mlspec.store.digests import digest
from mlspec.store.files import is_within, move, remove, share
from mlspec.store.filesystem import LocalStore, Store, fetch, is_remote, leads_out, local_path
from mlspec.store.layout import entry_name, output_of_run, step_folder
from mlspec.store.links import settle_links
from mlspec.store.records import Records
from mlspec.store.staging import Staging, remove_abandoned
from mlspec.terms import FIELD_TYPES, FILE_NAME, LOCKED_VARIABLE, OutputType

SCRATCH_PREFIX = "mlspec-exec-"
MOST_VALUES = 64 * 2**20
"""Bytes of a `metrics` or `values` file: it is read into memory as a whole, which no other output is."""


class Scratch:
    """A folder of this process for downloads and uploads, made when first needed, and locked as long as we live."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._lock: int | None = None

    def folder(self, *names: str) -> Path:
        """A folder below it; made when it is not there."""
        if self._folder is None:
            import fcntl
            import tempfile

            self._folder = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX))
            self._lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with suppress(OSError):  # a file system without locks
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path = self._folder.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def clear(self) -> None:
        """Remove it."""
        if self._folder is not None:
            remove(self._folder)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class Inputs:
    """The inputs of a step. `paths` has what the body gets, `records` and `values` what the record says of what was read."""

    def __init__(self, records: Records, scratch: Scratch) -> None:
        self._records = records
        self._scratch = scratch
        self.paths: dict[str, Path | list[Path]] = {}
        self.records: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.fetched: dict[str, Path] = {}
        """Where on this machine each URI of `records` is."""

    def fetch(self, inputs: Iterable[Reference]) -> None:
        """Find or download every input; raises `StepError` that names the one that is not there."""
        for name, uri in inputs:
            if isinstance(uri, str):
                self.paths[name], self.records[name] = self.look(uri, f"input {name}", name)
            else:
                pairs = [self.look(one, f"input {name}", name, str(index)) for index, one in enumerate(uri)]
                self.paths[name] = [path for path, _ in pairs]
                self.records[name] = [record for _, record in pairs]

    def not_as_locked(self, locked: Iterable[tuple[str, str]]) -> list[str]:
        """Say which inputs are not what they were locked as; raises `StepError` where `MLSPEC_LOCKED` wants them to be."""
        found = [(name, self.records[name]["digest"], then) for name, then in locked if name in self.records]
        messages = [
            f"the input {name} is not what was locked: it has the digest {now[:19]}…, and had {then[:19]}…"
            for name, now, then in found
            if now != then
        ]
        if messages and os.environ.get(LOCKED_VARIABLE) == "1":
            raise StepError("; ".join(messages))
        return messages

    def are_within(self, inputs: Iterable[Reference], most: int) -> bool:
        """Tell whether all inputs are here and none has more than `most` bytes; raises `StepError` like `fetch`."""
        places = [(uri, name) for name, uris in inputs for uri in ((uris,) if isinstance(uris, str) else uris)]
        if any(is_remote(uri) for uri, _ in places):
            return False
        return all(is_within(self.locate(uri, f"input {name}", name)[1], most) for uri, name in places)

    def look(self, uri: str, what: str, *folder: str) -> tuple[Path, dict[str, str]]:
        """Where `uri` is here, and what the record says of it."""
        where, path = self.locate(uri, what, *folder)
        found = digest(path)
        self._verify(uri, found, what)
        self.fetched[where] = path
        return path, {"uri": where, "digest": found}

    def _verify(self, uri: str, found: str, what: str) -> None:
        """Raise `StepError` when an output of this run is no longer what the record of its step says."""
        producer = output_of_run(self._records.run, uri) if uri.startswith("run:") else None
        if producer is None:
            return
        step, *index, file = uri.removeprefix("run:").split("/")
        try:
            record = self._records.read(step, int(index[0]) if index else None)
        except StoreError as error:
            raise StepError(f"{what}: {error}") from None
        made = record["outputs"].values() if record is not None else ()
        if any(output["digest"] != found for output in made if output["uri"].rsplit("/", 1)[-1] == file):
            raise StepError(f"{what}: {uri} is not what the record of {step} says: it has been changed since")

    def locate(self, uri: str, what: str, *folder: str) -> tuple[str, Path]:
        """Where `uri` is, and its path here after a download if need be; `folder` is for the download."""
        where = uri
        if uri.startswith("run:"):
            relative = output_of_run(self._records.run, uri)
            if relative is None:
                raise StepError(f"{what}: {uri} is not of the form run:STEP[/INDEX]/OUTPUT")
            where = self._records.store.uri(relative)
        if is_remote(where):
            try:
                return where, fetch(where, self._scratch.folder("inputs", *folder))
            except StoreError as error:
                raise StepError(f"{what}: {error}") from None
        path = local_path(where)
        if not path.exists():
            raise StepError(f"{what}: there is no {where}")
        return where, path

    def read_value(self, address: str, uri: str | Sequence[str]) -> Any:
        """The JSON of a `--value` file, of several a list; raises `StepError`."""
        if isinstance(uri, str):
            value, self.values[address] = self._read_value(address, uri)
            return value
        pairs = [self._read_value(address, one) for one in uri]
        self.values[address] = [record for _, record in pairs]
        return [value for value, _ in pairs]

    def _read_value(self, address: str, uri: str) -> tuple[Any, dict[str, str]]:
        where, path = self.locate(uri, address, "values", address)
        try:
            found = digest(path)
            self._verify(uri, found, address)
            return read_json(path.read_bytes(), "values"), {"uri": where, "digest": found}
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StepError(f"{address}: {uri} {reason}") from None


class _Place:
    """Where one output is made, below `parent` in the folder of an attempt, and where it goes: to a path, or with `relative` to
    the store.
    """

    def __init__(self, name: str, kind: OutputType, parent: Path, uri: str, relative: str | None) -> None:
        self.name = name
        self.type = kind
        self.parent = parent
        self.uri = uri
        self.relative = relative
        self.made = parent
        self.digest = ""


class Outputs:
    """The outputs of a step: each attempt makes them in a folder of its own next to where they go; then they go there together."""

    def __init__(self, invocation: Invocation, store: Store, run: str, scratch: Scratch) -> None:
        self._store = store
        self._scratch = scratch
        self._places: dict[str, _Place] = {}
        self.contents: dict[str, Any] = {}
        """What `check` read of the `metrics` and `values` outputs."""
        self._entry = entry_name(invocation.step, invocation.instance_index)
        self._staging = Staging(self._entry)
        folder = step_folder(run, invocation.step, invocation.instance_index)
        for output in invocation.wiring.outputs:
            if output.path is not None:  # the orchestrator's own; a file with a name is in a folder there
                uri = f"{output.path}/{output.file}" if output.file else output.path
                final = local_path(uri)
                self._places[output.name] = _Place(final.name, output.type, final.parent, uri, None)
                continue
            relative = f"{folder}/{output.file_name}"
            parent = store.path(folder) if isinstance(store, LocalStore) else scratch.folder("outputs")
            self._places[output.name] = _Place(output.file_name, output.type, parent, store.uri(relative), relative)

    @property
    def paths(self) -> dict[str, Path]:
        """Where the body is to write each output."""
        return {name: place.made for name, place in self._places.items()}

    def forget(self) -> None:
        """Remove what stands where an orchestrator wants outputs, from an earlier try."""
        for place in self._places.values():
            if place.relative is None:
                remove(local_path(place.uri))
                remove_abandoned(place.parent, self._entry)

    def prepare(self) -> None:
        """Make the folders that the next attempt's outputs are written to, empty."""
        self.discard()
        self._staging = Staging(self._entry)
        for place in self._places.values():
            self._staging.make(place.parent)
            place.made = self._staging.below(place.parent) / place.name

    def discard(self) -> None:
        """Remove all that was made and not published."""
        self._staging.remove()

    def check(self) -> None:
        """Raise `StepError` unless every output was written and is what its type says."""
        self.contents.clear()
        for name, place in self._places.items():
            if not place.made.exists():
                raise StepError(f"output {name} was not written{self._written_instead(name, place)}")
            if not (place.made.is_file() or place.made.is_dir()):
                raise StepError(f"output {name} is neither a file nor a folder")
            if reason := settle_links(place.made):
                raise StepError(f"output {name} {reason}")
            if place.type in FIELD_TYPES:
                if place.made.is_dir():
                    raise StepError(f"output {name} is a folder, not a JSON file")
                if place.made.stat().st_size > MOST_VALUES:
                    raise StepError(
                        f"output {name} is larger than {MOST_VALUES // 2**20} MB: `{place.type}` is for what expressions read"
                    )
                try:
                    self.contents[name] = read_json(place.made.read_bytes(), place.type)
                except ValueError as error:
                    raise StepError(f"output {name} {error}") from None
            place.digest = digest(place.made)

    def _written_instead(self, name: str, place: _Place) -> str:
        """What stands beside an output that is missing, under a name that may have been meant: libraries add suffixes."""
        expected = {other.name for other in self._places.values()}
        stems = {name, place.name.partition(".")[0]}
        found = sorted(path.name for path in place.made.parent.iterdir() if path.name not in expected)
        near = [one for one in found if one.partition(".")[0] in stems]
        if not near:
            return ""
        if place.name != name or not FILE_NAME.fullmatch(near[0]):
            return f", but {near[0]} was: write to the path that the step is given, which ends with {place.name}"
        return f", but {near[0]} was: declare it as `{name}: {{type: {place.type}, path: {near[0]}}}`"

    def restore(self, records: dict[str, Any]) -> None:
        """Have the outputs of an earlier run, of which `records` has the URIs, where this step's are made, too.

        Raises `StepError`, `StoreError` or `OSError` unless they are all there and still have the digests that `records` say.
        """
        import shutil

        for name, place in self._places.items():
            uri = records[name]["uri"]
            within = uri.startswith(f"{self._store.base.rstrip('/')}/") and ".." not in uri.split("/")
            if place.relative is not None and not within:  # where an orchestrator keeps outputs itself, it says where
                raise StepError(f"{uri} is not in the store")
            if is_remote(uri):
                # Not renamed: where an orchestrator wants outputs may be another file system.
                shutil.move(fetch(uri, self._scratch.folder("cached", name)), place.made)
            else:
                made = local_path(uri)
                if place.relative is not None and leads_out(self._store.base, made):
                    raise StepError(f"{uri} is a link to what is not in the store")
                share(made, place.made)
            if records[name]["digest"] != digest(place.made):
                raise StepError(f"{uri} is not what its record says")

    def recover(self, records: dict[str, Any]) -> bool:
        """Have again what an earlier start of this step made, of which `records` has the URIs; returns whether all of it is there."""
        if all(place.relative is not None for place in self._places.values()):
            return True  # it is in the store
        try:
            self.prepare()
            self.restore(records)
            self.check()
            self.publish()
        except (StepError, StoreError, OSError, ValueError, KeyError, TypeError):
            self.discard()
            return False
        return True

    def publish(self) -> dict[str, Any]:
        """Put all outputs, which `check` has seen, where they go; returns what the record says of them."""
        records = {name: {"uri": place.uri, "digest": place.digest, "type": place.type} for name, place in self._places.items()}
        for place in self._places.values():
            if place.relative is None:
                move(place.made, local_path(place.uri))
            else:
                self._store.put(place.made, place.relative)
        self.discard()
        return records

    def kept_here(self, records: Mapping[str, Any]) -> dict[str, Path]:
        """Where those outputs are that an orchestrator keeps itself, by the URIs that `records` have for them."""
        own = {name: local_path(place.uri) for name, place in self._places.items() if place.relative is None}
        return {record["uri"]: own[name] for name, record in records.items() if name in own}

    def retract(self) -> None:
        """Remove outputs again, because the step failed after all."""
        self.discard()
        for place in self._places.values():
            if place.relative is None:
                remove(local_path(place.uri))
            else:
                self._store.remove(place.relative)
