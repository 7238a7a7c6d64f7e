"""What steps repeat."""

from __future__ import annotations

import pytest

from mlspec.ir.bodies import Retry


@pytest.mark.parametrize(
    ("retry", "seconds"),
    [
        (Retry(), 60),
        (Retry(2), 180),
        (Retry(2, 5.0), 190),
        (Retry(3, 5.0, 2.0), 240 + 5 + 10 + 20),
        (Retry(3, 5.0, 2.0, 8.0), 240 + 5 + 8 + 8),
        (Retry(3, 5.0, 2.0, 0.0), 240),
        (Retry(0, 5.0, 2.0), 60),
        (Retry(2, lost=9), 180),
    ],
)
def test_how_long_all_attempts_may_take(retry: Retry, seconds: float) -> None:
    assert retry.longest(60.0) == seconds


def test_delays_beyond_all_numbers() -> None:
    assert Retry(1000, 1.0, 100.0).longest(1.0) == float("inf")
    assert Retry(1000, 1.0, 100.0, 2.0).longest(1.0) == 1001 + 1 + 999 * 2
