"""The record of a step: what became of it, written last.

In: an `Ending`. Out: `_record.json` and the failure marker of a step in a store, or a record read back. Owns the record's
form; never decides how a step ends. Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import json
import time
from typing import Any

from mlspec.invocation.model import Invocation
from mlspec.store.filesystem import Store
from mlspec.store.layout import RECORD, failure_name, failures_folder, run_folder, step_folder


class Ending:
    """What is known of a step so far, and in the end its record."""

    def __init__(self) -> None:
        self.status = "failed"
        self.error: str | None = None
        self.attempts = 0
        self.exit_code: int | None = None
        self.started = time.time()
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self.with_: dict[str, Any] = {}
        self.cached_from: str | None = None


class Records:
    """The records of one run in a store."""

    def __init__(self, store: Store, lifecycle: str, run_id: str) -> None:
        self.store = store
        self.run = run_folder(lifecycle, run_id)

    def read(self, step: str, index: int | None = None) -> dict[str, Any] | None:
        """The record of a step or instance; None when it has none, because it never started or has not ended."""
        content = self.store.read(f"{step_folder(self.run, step, index)}/{RECORD}")
        if content is None:
            return None
        record: dict[str, Any] = json.loads(content)
        return record

    def instances(self, step: str) -> list[int]:
        """The numbers of the instances of a step that have been started, ascending."""
        names = self.store.names(step_folder(self.run, step, None))
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def succeeded(self, step: str, index: int) -> bool:
        """Whether an instance has ended well."""
        record = self.read(step, index)
        return record is not None and record["status"] == "succeeded"

    def failures(self) -> list[str]:
        """The steps whose last end was `failed`, as `step` or `step.index`, sorted."""
        return self.store.names(failures_folder(self.run))

    def start(self, step: str, index: int | None) -> None:
        """Forget a former end of the step: its record, its outputs, what a killed attempt left."""
        folder = step_folder(self.run, step, index)
        self.store.remove(f"{folder}/{RECORD}")  # first: what remains until all is gone is no longer a result
        self.store.remove(folder)

    def end(self, invocation: Invocation, ending: Ending) -> None:
        """Write the record and then set or clear the failure marker."""
        record = {
            "version": 1,
            "lifecycle": invocation.run.lifecycle,
            "run_id": invocation.run.run_id,
            "step": invocation.step,
            "instance": invocation.recorded_instance,
            "status": ending.status,
            "attempts": ending.attempts,
            "started": _moment(ending.started),
            "ended": _moment(time.time()),
            "exit_code": ending.exit_code,
            "error": ending.error,
            "inputs": ending.inputs,
            "outputs": ending.outputs,
            "with": ending.with_,
            "cached_from": ending.cached_from,
        }
        folder = step_folder(self.run, invocation.step, invocation.instance_index)
        self.store.write(f"{folder}/{RECORD}", encoded(record))
        marker = f"{failures_folder(self.run)}/{failure_name(invocation.step, invocation.instance_index)}"
        if ending.status == "failed" and not invocation.start.final:  # `finally` steps tell each other nothing by `run.status`
            self.store.write(marker, b"")
        elif failure_name(invocation.step, invocation.instance_index) in self.failures():
            self.store.remove(marker)


def encoded(value: Any) -> bytes:
    """JSON for a file. Bytes that are no UTF-8, as arguments may hold, become `\\udcNN` escapes, which JSON reads back."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"
