"""What one run keeps in a store of its steps: their records above all, written last.

In: an `Ending`. Out: a record and the failure marker of a step, or all that was written read back, as JSON values.
Owns the record's form, and who reads and writes the files that `layout` places in a run; never decides how a step ends.
Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from mlspec.errors import DamagedError, StoreError
from mlspec.store import json_files, layout, marks
from mlspec.store.filesystem import Store
from mlspec.store.layout import Place
from mlspec.store.marks import Mark
from mlspec.store.shapes import record_fault
from mlspec.store.timestamps import timestamp
from mlspec.terms import EndStatus, Json

Record: TypeAlias = Mapping[str, Json]
"""A record as docs/step-process.md shows it."""


class Ending:
    """What is known of a step so far, and in the end its record."""

    def __init__(self) -> None:
        self.status: EndStatus = "failed"
        self.error: str | None = None
        self.attempts = 0
        self.exit_code: int | None = None
        self.started = time.time()
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.with_: dict[str, Any] = {}
        self.cached_from: str | None = None


class Records:
    """The records of one run, and what else its steps left beside them. Raises `StoreError`."""

    def __init__(self, store: Store, lifecycle: str, run_id: str) -> None:
        self.store = store
        self.lifecycle = lifecycle
        self.run_id = run_id
        self.run = layout.run_folder(lifecycle, run_id)

    def read(self, step: str, index: int | None = None) -> Record | None:
        """The record of a step or instance; None when it has none, because it never started or has not ended."""
        return json_files.read_object(self.store, layout.record(self.run, step, index), record_fault)

    def all(self, on_damage: Callable[[Place, DamagedError], None] | None = None) -> dict[Place, Record]:
        """Every record of the run; a damaged one is an error, or is told to `on_damage` and left out."""
        found: dict[Place, Record] = {}
        for place in self._places():
            try:
                record = self.read(*place)
            except DamagedError as error:
                if on_damage is None:
                    raise
                on_damage(place, error)
                continue
            if record is not None:
                found[place] = record
        return found

    def instances(self, step: str) -> list[int]:
        """The numbers of the instances of a step that have been started, ascending."""
        names = self.store.names(layout.step_folder(self.run, step, None))
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def succeeded(self, step: str, index: int) -> bool:
        """Whether an instance has ended well."""
        record = self.read(step, index)
        return record is not None and record["status"] == "succeeded"

    def failures(self) -> list[str]:
        """The steps whose last end was `failed`, as `step` or `step.index`, sorted."""
        return self._entries(layout.failures_folder(self.run))

    def failed(self, *, over: bool = False) -> list[str]:
        """The steps that have failed, as `step` or `step.index`, sorted: `failures`, and those whose process has vanished."""
        return sorted({*self.failures(), *self.vanished(over=over)})

    def vanished(self, *, over: bool = False) -> list[str]:
        """The steps that started and whose process is gone without an end, `finally` steps aside.

        Who cannot be asked counts as running, unless all that ran before is `over`: the orchestrator has said so.
        """
        found = []
        for name in self._entries(layout.marks_folder(self.run)):
            step, _, number = name.partition(".")
            place = step, int(number) if number.isdigit() else None
            mark = self.started(*place)
            if mark is None or mark.final:
                continue
            alive = marks.is_alive(mark.owner)
            record = None if alive or (alive is None and not over) else self.read(*place) or {"status": "failed"}
            if record is not None and record["status"] == "failed":
                found.append(name)
        return found

    def started(self, step: str, index: int | None) -> Mark | None:
        """The mark of a step or instance that has started and not ended; None when it has none."""
        found = json_files.read_object(self.store, self._mark(step, index))
        if found is None:
            return None
        mark = marks.from_json(found)
        if mark is None:
            raise StoreError(f"{self.store.uri(self._mark(step, index))} is damaged: it is not a started mark")
        return mark

    def start(self, step: str, index: int | None, *, final: bool = False) -> Mark:
        """Mark a step as started and forget its former end: its record, its outputs, its failure, what a killed attempt left."""
        mark = marks.new_mark(final=final)
        json_files.write(self.store, self._mark(step, index), marks.to_json(mark), durable=False)
        self.store.remove(layout.record(self.run, step, index))  # first: what remains until all is gone is no longer a result
        self.store.clear(layout.step_folder(self.run, step, index))
        self._clear_failure(layout.entry_name(step, index))  # last: until then the former failure is what is known
        return mark

    def holds(self, step: str, index: int | None, mark: Mark) -> bool:
        """Tell whether a step is still that of `mark`: nobody has started, ended or forgotten it since."""
        now = self.started(step, index)
        return now is not None and now.attempt == mark.attempt

    def leave(self, step: str, index: int | None) -> None:
        """Take the mark of a step away: it has ended, or what was done was not its end."""
        self.store.remove(self._mark(step, index))

    def end(self, step: str, index: int | None, instance: Json, ending: Ending, *, final: bool = False) -> None:
        """Write the record and then set or clear the failure marker. `instance` is a matrix mapping, the index, or None."""
        record = {
            "version": 1,
            "lifecycle": self.lifecycle,
            "run_id": self.run_id,
            "step": step,
            "instance": instance,
            "status": ending.status,
            "attempts": ending.attempts,
            "started": timestamp(ending.started),
            "ended": timestamp(),
            "exit_code": ending.exit_code,
            "error": ending.error,
            "inputs": ending.inputs,
            "outputs": ending.outputs,
            "with": ending.with_,
            "cached_from": ending.cached_from,
        }
        json_files.write(self.store, layout.record(self.run, step, index), record)
        entry = layout.entry_name(step, index)
        if ending.status == "failed" and not final:  # a `finally` step's end shows in no other one's `run.status`
            self.store.write(f"{layout.failures_folder(self.run)}/{entry}", b"")
        else:
            self._clear_failure(entry)
        self.leave(step, index)

    def forget(self, step: str, index: int | None) -> None:
        """Remove all that a step left, with all its instances where `index` is None, so that it can run again or not at all."""
        self.store.remove(layout.step_folder(self.run, step, index))
        name = layout.entry_name(step, index)
        for folder in (layout.failures_folder(self.run), layout.marks_folder(self.run)):
            for entry in self._entries(folder):
                if entry == name or (index is None and entry.startswith(f"{name}.")):
                    self.store.remove(f"{folder}/{entry}")

    def read_output(self, reference: str) -> Json:
        """Read the JSON in an output, `run:STEP[/INDEX]/OUTPUT`."""
        relative = layout.output_of_run(self.run, reference)
        content = self.store.read(relative) if relative else None
        if content is None:
            raise StoreError(f"there is no {reference}")
        try:
            return json.loads(content)
        except ValueError as error:
            raise StoreError(f"{reference} is not JSON: {error}") from None

    def items(self, step: str) -> list[Json] | None:
        """The list that a foreach fans out over, where it was kept."""
        return json_files.read_list(self.store, layout.items(self.run, step))

    def keep_items(self, step: str, items: list[Json]) -> None:
        """Keep the list of a foreach for those who cannot read it where an orchestrator has it."""
        json_files.write(self.store, layout.items(self.run, step), items)

    def items_uri(self, step: str) -> str:
        """Where the list of a foreach is kept."""
        return self.store.uri(layout.items(self.run, step))

    def keep_log(self, step: str, index: int | None, log: Path) -> str:
        """Put what a step wrote beside its record, which must be there already; returns where it is then."""
        relative = layout.log(self.run, step, index)
        self.store.put(log, relative)
        return self.store.uri(relative)

    def _entries(self, folder: str) -> list[str]:
        """The steps that have a file in a folder, without those that are about to: files have another name until they are whole."""
        return [name for name in self.store.names(folder) if not name.startswith(".")]

    def _mark(self, step: str, index: int | None) -> str:
        return f"{layout.marks_folder(self.run)}/{layout.entry_name(step, index)}"

    def _clear_failure(self, entry: str) -> None:
        if entry in self.failures():
            self.store.remove(f"{layout.failures_folder(self.run)}/{entry}")

    def _places(self) -> Iterator[Place]:
        for step in self.store.names(self.run):
            if not step.startswith((".", "_")):
                yield step, None
                yield from ((step, index) for index in self.instances(step))
