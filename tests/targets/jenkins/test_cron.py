from __future__ import annotations

import pytest

from mlspec.ir.model import Schedule
from mlspec.targets.jenkins.cron import trigger


@pytest.mark.parametrize(
    ("cron", "lines"),
    [
        ("0 3 * * 1", ["0 3 * * 1"]),
        ("*/15 0-6/2,12 1 JAN-mar *", ["*/15 0-6/2,12 1 1-3 *"]),
        ("5/20 4 * * fri-sun", ["5-59/20 4 * * 5-7"]),
        ("30 4 1,15 * 5", ["30 4 1,15 * *", "30 4 * * 5"]),  # cron starts on either, Jenkins would want both
        ("30 4 */2 * 5", ["30 4 */2 * 5"]),  # cron itself wants both when one begins with a star
        ("@daily", ["0 0 * * *"]),  # which Jenkins would spread over the day
    ],
)
def test_lines_mean_what_cron_means(cron: str, lines: list[str]) -> None:
    assert trigger(Schedule(cron, "Europe/Berlin")).split("\n") == ["TZ=Europe/Berlin", *lines]


@pytest.mark.parametrize(
    "cron",
    [
        "0 3 L * *",
        "0 3 * * 1#2",
        "60 3 * * *",
        "0 3 0 * *",
        "0 3 * * 8",
        "0 9-3 * * *",
        "*/0 3 * * *",
        "0 3 * *",
        "? ? ? ? ?",
        "0 3 * MON *",
    ],
)
def test_what_jenkins_has_no_form_for_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match="field"):
        trigger(Schedule(cron))
