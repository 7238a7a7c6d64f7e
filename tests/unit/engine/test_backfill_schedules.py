"""A backfill over several schedules: each moment once, in order."""

from __future__ import annotations

from mlspec.engine.backfill import backfill_dates
from mlspec.ir.triggers import Schedule
from tests.targets.built import plan, step


def test_moments_of_all_schedules_are_merged() -> None:
    made = plan("times", step("a"), schedule=Schedule("0 2 * * sun"), more_schedules=(Schedule("0 2 1,8 * *"),))
    assert backfill_dates(made, "2026-11-01..2026-11-15") == [
        "2026-11-01T02:00:00Z",  # a Sunday, and the first
        "2026-11-08T02:00:00Z",
        "2026-11-15T02:00:00Z",
    ]
    made = plan("times", step("a"), schedule=Schedule("0 2 * * sun"), more_schedules=(Schedule("30 1 3 * *"),))
    assert backfill_dates(made, "2026-11-01..2026-11-08")[1] == "2026-11-03T01:30:00Z"
