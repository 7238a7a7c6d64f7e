"""The one form of a time in a store."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from mlspec.store.runs import new_run_id
from mlspec.store.timestamps import timestamp


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1767225600.25, "2026-01-01T00:00:00.250Z"),
        (1767225599.9996, "2025-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_in_utc_to_the_millisecond(seconds: float, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert timestamp(seconds) == text
    finally:
        monkeypatch.undo()
        time.tzset()


def test_without_a_time_it_is_now() -> None:
    before = time.time()
    written = datetime.fromisoformat(timestamp()).timestamp()
    assert before - 0.001 <= written <= time.time()


def test_the_id_of_a_run_says_when_it_was_made() -> None:
    made = new_run_id()
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", made)
    age = datetime.now(UTC) - datetime.strptime(made[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    assert -1 < age.total_seconds() < 60
