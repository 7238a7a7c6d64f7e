"""What starts a run by itself: schedules, runs that meet, and runs that were missed.

In: nothing but values. Out: frozen dataclasses that a `Plan` holds.
Owns what `triggers:` means once it is read; never computes a time (see `mlspec.crontab`) and starts nothing.
Change it when something else than a schedule may start a run.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlspec.diagnostics import Span
from mlspec.terms import Overlap


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a pipeline starts by itself."""

    cron: str
    timezone: str = "UTC"
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Overlapping:
    """What a run does that starts while `limit` others are in progress."""

    kind: Overlap
    limit: int = 1
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Catchup:
    """That missed runs are made up for, from the day `start` (`2026-11-01`) on, if that is said."""

    start: str | None = None
    span: Span | None = None
