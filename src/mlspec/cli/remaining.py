"""How much of a run is left, for the foot of its progress.

In: a plan, what past runs took, what has ended and what runs. Out: a few words, or none where nothing is known. Owns which of a run's
events count; never prints (see `live`), never lays steps out in time (see `ir.estimate`).
Change it when more of a run should be foreseen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from mlspec.durations import rough_text
from mlspec.engine.events import Event, RunStarted, StepEnded, StepStarted
from mlspec.ir.estimate import estimate
from mlspec.ir.model import Plan


class Remaining:
    """What is left of one run, as `jobs` steps go on at a time."""

    def __init__(self, plan: Plan, folder: Path, jobs: int) -> None:
        self._plan = plan
        self._folder = folder
        self._jobs = jobs
        self._seconds: dict[str, float] = {}
        self._over: set[str] = set()
        self._since: dict[str, float] = {}

    def before(self, show: Callable[[Event], None]) -> Callable[[Event], None]:
        """Take note of each event before it is shown."""

        def both(event: Event) -> None:
            self.note(event)
            show(event)

        return both

    def note(self, event: Event) -> None:
        """Take note of what an event says. Of a step with a list nobody knows how many are to come: it is held to its time before."""
        match event:
            case RunStarted(_, _, kept):
                from mlspec.engine.history import past

                self._seconds = {step_id: one.seconds for step_id, one in past(self._plan, self._folder).items()}
                self._over = set(kept)
            case StepStarted(step):
                named = step if step in self._plan.by_id else step.partition("[")[0]
                self._since.setdefault(named, time.monotonic())
            case StepEnded(step) if step in self._plan.by_id:
                self._over.add(step)

    def __str__(self) -> str:
        now = time.monotonic()
        running = {step: now - since for step, since in self._since.items() if step not in self._over}
        expected = estimate(self._plan, self._seconds, self._jobs, self._over, running)
        if expected is None or not expected.seconds:
            return ""
        more = ", and what has never run" if expected.unknown else ""
        return f"{rough_text(expected.seconds)} left{more}"
