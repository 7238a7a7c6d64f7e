"""Signs of life: what a step process says now and then, for those who cannot ask it whether it runs.

In: the mark of a step. Out: a sign, or when the last one of it was. Owns how often a sign is given, how long a silence is a death, and
how long a step that vanished may wait to be started again. Never asks a process (see `owners`). Standard library only.
Change it together with docs/step-process.md.
"""

from __future__ import annotations

import time
from contextlib import suppress

from mlspec.errors import StoreError
from mlspec.store import json_files, layout
from mlspec.store.filesystem import Store
from mlspec.store.marks import Mark

SIGN_SECONDS = 15.0
"""How often a step process says that it runs."""
SILENT_SECONDS = 300.0
"""After how long a silence it has vanished. Clocks of machines differ by minutes, and a wrong verdict costs a run."""
FORSAKEN_SECONDS = 900.0
"""After how long nobody will start again what could be: three times as long as Airflow waits with it (`default_task_retry_delay`)."""


def give(store: Store, run: str, entry: str, mark: Mark) -> None:
    """Say that the step of `mark` runs. Beside the mark, which is another's as soon as the step starts again."""
    sign = {"version": 1, "attempt": mark.attempt, "at": time.time()}
    json_files.write(store, layout.sign(run, entry), sign, durable=False)


def remove(store: Store, run: str, entry: str) -> None:
    """Take the sign of a step away that has ended."""
    store.remove(layout.sign(run, entry))


def is_silent(store: Store, run: str, entry: str, mark: Mark) -> bool:
    """Tell whether a step that gives signs has given none for long; False of one that gives none."""
    return mark.signs and _silence(store, run, entry, mark) > SILENT_SECONDS


def is_abandoned(store: Store, run: str, entry: str, mark: Mark) -> bool:
    """Tell whether nobody has started a step again for long, though it vanished and could be."""
    return _silence(store, run, entry, mark) > FORSAKEN_SECONDS


def _silence(store: Store, run: str, entry: str, mark: Mark) -> float:
    """Seconds since the last sign of this very start, or since it began."""
    from datetime import datetime

    with suppress(StoreError, TypeError, ValueError):
        found = json_files.read_object(store, layout.sign(run, entry)) or {}
        if found.get("attempt") == mark.attempt:
            return time.time() - float(found["at"])
    with suppress(ValueError):
        return time.time() - datetime.fromisoformat(mark.started).timestamp()
    return 0.0
