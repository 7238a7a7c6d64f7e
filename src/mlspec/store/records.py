"""What one run keeps in a store of its steps: their records above all, written last.

In: an `Ending`. Out: a record and the failure marker of a step, or all that was written read back, as JSON values.
Owns the record's form, and who reads and writes the files that `layout` places in a run; never decides how a step ends.
Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from mlspec.errors import DamagedError, StoreError
from mlspec.store import json_files, layout, marks, signs
from mlspec.store.ending import Ending
from mlspec.store.filesystem import Store
from mlspec.store.layout import Place
from mlspec.store.marks import Mark
from mlspec.store.shapes import record_fault
from mlspec.store.timestamps import timestamp
from mlspec.terms import EndStatus, Json

Record: TypeAlias = Mapping[str, Json]
"""A record as docs/step-process.md shows it."""


class Records:
    """The records of one run, and what else its steps left beside them. Raises `StoreError`."""

    def __init__(self, store: Store, lifecycle: str, run_id: str, run_try: str = "") -> None:
        self.store = store
        self.lifecycle = lifecycle
        self.run_id = run_id
        self.run_try = run_try
        self.run = layout.run_folder(lifecycle, run_id)
        self._signed: set[str] = set()

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

    def failures(self, *, of_try: bool = False) -> list[str]:
        """The steps whose last end was `failed`, as `step` or `step.index`, sorted; `of_try`: in this try of the run."""
        folder = layout.failures_folder(self.run)
        found = self._entries(folder)
        return [name for name in found if not of_try or self.store.read(f"{folder}/{name}") == self.run_try.encode()]

    def failed(self, *, over: bool = False, of_try: bool = False) -> list[str]:
        """The steps that have failed, as `step` or `step.index`, sorted: `failures`, and those whose process has vanished."""
        return sorted({*self.failures(of_try=of_try), *self.vanished(over=over, of_try=of_try)})

    def vanished(self, *, over: bool = False, of_try: bool = False, finals: bool = False, abandoned: bool = False) -> list[str]:
        """The steps that started and whose process is gone without an end, `finally` steps only where `finals` says so.

        Who cannot be asked and is not silent counts as running, and so does who will be started again, or with `abandoned` would have
        been by now; unless all that ran before is `over`: the orchestrator has said so.
        """
        found = []
        for name in self._entries(layout.marks_folder(self.run)):
            place = layout.place_of(name)
            mark = self.started(*place)
            if mark is None or (of_try and mark.run_try != self.run_try) or (mark.final and not finals):
                continue
            if mark.restarts and not over and not (abandoned and signs.is_abandoned(self.store, self.run, name, mark)):
                continue
            alive = marks.is_alive(mark.owner)
            if alive is None and signs.is_silent(self.store, self.run, name, mark):
                alive = False
            record = None if alive or (alive is None and not over) else self.read(*place) or {"status": "failed"}
            if record is not None and record["status"] == "failed":
                found.append(name)
        return found

    def over(self) -> str:
        """When the `finally` steps last began, where that was noted; nothing before."""
        return (self.store.read(layout.over(self.run)) or b"").decode("ascii", "replace")

    def note_over(self) -> None:
        """Say that `finally` begins: what starts later is of another try of the run."""
        self.store.write(layout.over(self.run), timestamp().encode())

    def leave_ended(self) -> None:
        """Remove the marks of steps that have a record: their processes were killed before they came to it."""
        for name in self._entries(layout.marks_folder(self.run)):
            place = layout.place_of(name)
            with suppress(DamagedError):  # which readers of the record tell of
                if self.read(*place) is not None:
                    self.leave(*place)

    def starts(self) -> list[str]:
        """When each step started that has not ended, as text that sorts."""
        entries = [layout.place_of(name) for name in self._entries(layout.marks_folder(self.run))]
        with suppress(StoreError):
            return [mark.started for place in entries if (mark := self.started(*place)) is not None]
        return []

    def started(self, step: str, index: int | None) -> Mark | None:
        """The mark of a step or instance that has started and not ended; None when it has none."""
        found = json_files.read_object(self.store, self._mark(step, index))
        if found is None:
            return None
        mark = marks.from_json(found)
        if mark is None:
            raise StoreError(f"{self.store.uri(self._mark(step, index))} is damaged: it is not a started mark")
        return mark

    def start(self, step: str, index: int | None, mark: Mark) -> None:
        """Mark a step as started and forget its former end: its record, its outputs, its failure, what a killed attempt left."""
        self.mark(step, index, mark)
        self.store.remove(layout.record(self.run, step, index))  # first: what remains until all is gone is no longer a result
        self.store.clear(layout.step_folder(self.run, step, index))
        self._clear_failure(layout.entry_name(step, index))  # last: until then the former failure is what is known

    def mark(self, step: str, index: int | None, mark: Mark) -> None:
        """Say anew how far a step has come that has started."""
        json_files.write(self.store, self._mark(step, index), marks.to_json(mark._replace(run_try=self.run_try)), durable=False)

    def holds(self, step: str, index: int | None, mark: Mark) -> bool:
        """Tell whether a step is still that of `mark`: nobody has started, ended or forgotten it since."""
        now = self.started(step, index)
        return now is not None and now.attempt == mark.attempt

    def keep_warnings(self, step: str, index: int | None, started: str, messages: list[str]) -> None:
        """Keep what could not be done beside a step that has its record. It counts as long as that record is the step's."""
        kept = {"version": 1, "started": started, "messages": messages}
        json_files.write(self.store, self._warnings(step, index), kept, durable=False)

    def warnings(self, records: Mapping[Place, Record]) -> dict[Place, list[str]]:
        """What could not be done beside the steps that have these records."""
        found = {}
        for name in self._entries(layout.warnings_folder(self.run)):
            place = layout.place_of(name.removesuffix(".json"))
            with suppress(DamagedError):  # it is no result, and no reason to tell nothing of the run
                kept = json_files.read_object(self.store, self._warnings(*place)) or {}
                if place in records and kept.get("started") == records[place]["started"]:
                    found[place] = [str(message) for message in kept.get("messages") or ()]
        return found

    def forget_tracking(self) -> None:
        """Let the tracking server be tried again."""
        for tracker in ("tracking", "lineage"):
            self.store.remove(layout.tracking(self.run, tracker))

    def give_sign(self, step: str, index: int | None, mark: Mark) -> None:
        """Say that the step of `mark` runs."""
        self._signed.add(entry := layout.entry_name(step, index))
        signs.give(self.store, self.run, entry, mark)

    def leave(self, step: str, index: int | None) -> None:
        """Take the mark of a step away: it has ended, or what was done was not its end."""
        self.store.remove(self._mark(step, index))
        if (entry := layout.entry_name(step, index)) in self._signed:
            signs.remove(self.store, self.run, entry)

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
        optional = {
            "values": ending.values,
            "cache_key": ending.cache_key,
            "changes": ending.changes,
            "approval": ending.approval,
        }
        record |= {name: value for name, value in optional.items() if value}
        if self.run_try:
            record["run_try"] = self.run_try
        json_files.write(self.store, layout.record(self.run, step, index), record)
        self.settle(step, index, ending.status, final=final)

    def settle(self, step: str, index: int | None, status: EndStatus, *, final: bool = False) -> None:
        """Let all that look at a step see how it ended, now that it has a record."""
        entry = layout.entry_name(step, index)
        if status == "failed" and not final:  # a `finally` step's end shows in no other one's `run.status`
            self.store.write(f"{layout.failures_folder(self.run)}/{entry}", self._newest_try().encode())
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

    def forget_beyond(self, step: str, count: int) -> None:
        """Remove what instances left of which there are none any more: the list of a foreach has become shorter."""
        folders = layout.failures_folder(self.run), layout.marks_folder(self.run)
        known = {layout.place_of(entry) for folder in folders for entry in self._entries(folder)}
        known |= {(step, index) for index in self.instances(step)}
        for name, index in known:
            if name == step and index is not None and index >= count:
                self.forget(step, index)

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
        """Put what a step wrote beside its record, which must be there already; returns where it is then. No result hangs on it."""
        relative = layout.log(self.run, step, index)
        self.store.put(log, relative, durable=False)
        return self.store.uri(relative)

    def _newest_try(self) -> str:
        """The try in which something ends now: who began before a person started the run again knows no later one than its own."""
        if not self.run_try.isdigit():
            return self.run_try
        tries = [self.run_try, *(str(record.get("run_try", "")) for record in self.all(lambda place, error: None).values())]
        for name in self._entries(layout.marks_folder(self.run)):
            with suppress(StoreError):
                mark = self.started(*layout.place_of(name))
                tries += [mark.run_try] if mark is not None else []
        return max((found for found in tries if found.isdigit()), key=int)

    def _entries(self, folder: str) -> list[str]:
        """The steps that have a file in a folder, without those that are about to: files have another name until they are whole."""
        return [name for name in self.store.names(folder) if not name.startswith(".")]

    def _mark(self, step: str, index: int | None) -> str:
        return f"{layout.marks_folder(self.run)}/{layout.entry_name(step, index)}"

    def _warnings(self, step: str, index: int | None) -> str:
        return f"{layout.warnings_folder(self.run)}/{layout.entry_name(step, index)}.json"

    def _clear_failure(self, entry: str) -> None:
        if entry in self.failures():
            self.store.remove(f"{layout.failures_folder(self.run)}/{entry}")

    def _places(self) -> Iterator[Place]:
        for step in self.store.names(self.run):
            if not step.startswith((".", "_")):
                yield step, None
                yield from ((step, index) for index in self.instances(step))
