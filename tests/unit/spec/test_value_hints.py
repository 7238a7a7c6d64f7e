from __future__ import annotations

import pytest

from mlspec.spec import value_hints


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("@daily", "write `0 0 * * *`"),
        ("@reboot", None),
        ("0 0 2 ? * SUN", "write `0 2 * * SUN`"),
        ("0 0 2 ? * 1", "write `0 2 * * 0`"),  # Sunday is 1 in Quartz
        ("0 30 2 ? * 2-6 *", "write `30 2 * * 1-5`"),
        ("0 15 10 ? * 6#3", "write `15 10 * * 5#3`"),
        ("0 15 10 ? * 6L 2027", "write `15 10 * * 5L`"),
        ("0 0 12 1/5 * ?", "write `0 12 1/5 * *`"),
        ("0 0 3 * * 1", "leave out the seconds: `0 3 * * 1`; the five are minute hour day month weekday"),
        ("cron(0 2 ? * MON-FRI *)", "write `0 2 * * MON-FRI`"),
        ("0 2 ? * 1", "write `0 2 * * 1`"),  # five fields are no line of Quartz
        ("0 2 * * fri-sun", "write `0 2 * * fri-7`"),
        ("0 0 99 ? * 1", None),
        ("* * *", None),
        ("0 25 * * *", None),
    ],
)
def test_lines_of_other_schedulers(text: str, hint: str | None) -> None:
    assert value_hints.cron(text) == hint
