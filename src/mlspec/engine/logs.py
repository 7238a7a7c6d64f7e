"""The logs of the steps of runs that were made here: kept ones, and those that are being written.

In: a run and a step. Out: what the step wrote, as it comes, all of it or one attempt. Owns where a log is while its step runs and what
parts its attempts; never prints. Change it when steps write their logs elsewhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from mlspec.engine.errors import RunError
from mlspec.engine.outcome import existing, local_outcome
from mlspec.store import layout
from mlspec.store.filesystem import LocalStore
from mlspec.store.layout import Place, entry_name
from mlspec.store.runs import Runs

FOLDER = ".logs-"
"""What the name of the folder begins with in which a run on a local store has the logs of its running steps."""
POLL_SECONDS = 0.2

_NEXT_ATTEMPT = re.compile(
    rb"mlspec: step [^\n]*?: (?:attempt \d+ of \d+ failed: [^\n]*; the next starts in \S+ s"
    rb"|its process was ended by signal \d+; it is started again \(\d+ of \d+\))"
)


def file_name(place: Place) -> str:
    """What the log of a running step is called."""
    return f"{entry_name(*place)}.txt"


class StepLog:
    """The log of one step; raises `RunError` where a run here made none."""

    def __init__(self, runs: Runs, run_id: str, step: str) -> None:
        self._runs = runs
        self.run_id = existing(runs, run_id)
        self._step = step
        self._records = runs.records(self.run_id)
        manifest = runs.manifest(self.run_id)
        if manifest is None:
            raise RunError(f"run {self.run_id} was made by an orchestrator, which has the logs of its steps")
        entries = manifest["steps"]
        number = re.fullmatch(r"(.+)\[(\d+)\]", step)
        if step in entries:
            self._place: Place = entries[step]["step"], entries[step]["index"]
        elif number and number[1] in entries:  # an instance whose number was not known when the run began
            self._place = entries[number[1]]["step"], int(number[2])
        else:
            raise RunError(f"run {self.run_id} has no step {step}; it has: {', '.join(entries)}")

    def lines(self, *, follow: bool = False, attempt: int | None = None) -> Iterator[bytes]:
        """What the step wrote, line by line; with `follow` until it has ended. Raises `RunError` when there is nothing, or no such
        attempt.
        """
        found, current, at_start = False, 1, True
        for line in self._all(follow=follow):
            found = found or attempt in (None, current)
            if attempt in (None, current):
                yield line
            at_start = line.endswith(b"\n")
            current += bool(_NEXT_ATTEMPT.match(line)) and at_start
        if not found and attempt is not None:
            raise RunError(f"{self._step} has no attempt {attempt} in run {self.run_id}: its log has {current}")

    def _all(self, *, follow: bool) -> Iterator[bytes]:
        stream = self._open(follow=follow)
        if stream is None:
            state = local_outcome(self._runs, self.run_id).steps.get(self._step)
            raise RunError(
                f"{self._step} has no log in run {self.run_id}: it {'is ' + state.status if state else 'has not started'}"
            )
        rest = b""
        with stream:
            while True:
                over = not follow or self._has_ended()  # first: what comes after the last look is none of its log
                for line in iter(lambda: stream.readline(1 << 16), b""):
                    rest += line
                    if rest.endswith(b"\n") or len(rest) >= 1 << 16:
                        yield rest
                        rest = b""
                if over:
                    break
                time.sleep(POLL_SECONDS)
        if rest:
            yield rest

    def _open(self, *, follow: bool) -> BinaryIO | None:
        while True:
            with suppress(FileNotFoundError):  # between two looks it was put where it stays
                return self._running()[0].open("rb") if self._running() else self._kept()
            if not follow or not self._runs.lives(self.run_id):
                return None
            time.sleep(POLL_SECONDS)

    def _running(self) -> list[Path]:
        store = self._runs.store
        if not isinstance(store, LocalStore):
            return []
        return sorted(store.path(self._records.run).glob(f"{FOLDER}*/{file_name(self._place)}"))

    def _kept(self) -> BinaryIO:
        store, relative = self._runs.store, layout.log(self._records.run, *self._place)
        if isinstance(store, LocalStore):
            return store.path(relative).open("rb")
        content = store.read(relative)
        if content is None:
            raise FileNotFoundError(relative)
        return BytesIO(content)

    def _has_ended(self) -> bool:
        return not self._running() or not self._runs.lives(self.run_id)
