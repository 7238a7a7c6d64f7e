"""Started marks: which steps have started and not ended, and who runs them.

In: the process that runs a step. Out: a mark, as a JSON value and back, and whether its owner still lives. Owns the form of marks;
`owners` knows processes. Never reaches a store. Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from mlspec.store.owners import Owner, owner_from, this_process
from mlspec.store.timestamps import timestamp
from mlspec.terms import Json


class Mark(NamedTuple):
    """A step that has started. `attempt` is nobody else's; `final`: it is a `finally` step, whose end others do not look at."""

    attempt: str
    started: str
    final: bool
    owner: Owner
    attempts: int = 1
    """How many attempts it has begun, with those of processes that vanished before this one."""
    lost: int = 0
    """How many of them vanished."""
    restarts: int = 0
    """How often it will be started again by whoever started it, should it vanish."""
    signs: bool = False
    """Whether it gives signs of life (see `signs`), so that a silence says something."""
    run_try: str = ""
    """How often an orchestrator has begun the run again, in its words."""


def new_mark(*, final: bool, attempts: int = 1, lost: int = 0, restarts: int = 0, signs: bool = False) -> Mark:
    """A mark of a step that this process starts now."""
    return Mark(os.urandom(8).hex(), timestamp(), final, this_process(), attempts, lost, restarts, signs)


def to_json(mark: Mark) -> dict[str, Json]:
    """A mark as it is kept."""
    return {"version": 1, **mark._asdict(), "owner": mark.owner._asdict()}


def from_json(value: Mapping[str, Json]) -> Mark | None:
    """A mark read back; None when it is damaged."""
    owner = value.get("owner")
    known = owner_from(owner) if isinstance(owner, dict) else None
    attempt, started = value.get("attempt"), value.get("started")
    counts = [value.get("attempts", 1), value.get("lost", 0), value.get("restarts", 0)]
    if known is None or not isinstance(attempt, str) or not isinstance(started, str):
        return None
    if not all(isinstance(count, int) for count in counts):
        return None
    mark = Mark(attempt, started, bool(value.get("final")), known, *counts)
    return mark._replace(signs=bool(value.get("signs")), run_try=str(value.get("run_try") or ""))


def is_alive(owner: Owner) -> bool | None:
    """Tell whether the process that made a mark runs; None when it cannot be asked: it ran elsewhere, or before a restart."""
    return owner.lives if owner.here else None
