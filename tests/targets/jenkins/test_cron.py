from __future__ import annotations

import pytest

from mlspec.ir.triggers import Schedule
from mlspec.targets.jenkins.cron import trigger


@pytest.mark.parametrize(
    ("cron", "lines"),
    [
        ("0 3 * * 1", ["0 3 * * 1"]),
        ("0 2 * * 0", ["0 2 * * 0"]),
        ("0 2 * * sun", ["0 2 * * 0"]),
        ("0 2 * * 7,3", ["0 2 * * 0,3"]),
        ("0 2 1 * 0", ["0 2 1 * *", "0 2 * * 0"]),
        ("*/15 0-6/2,12 1 JAN-mar *", ["*/15 0,2,4,6,12 1 1-3 *"]),
        ("5/20 4 * * fri-7", ["5,25,45 4 * * 0,5,6"]),
        ("30 4 1,15 * 5", ["30 4 1,15 * *", "30 4 * * 5"]),  # cron starts on either, Jenkins would want both
        ("30 4 */2 * 5", ["30 4 */2 * 5"]),  # cron itself wants both when one begins with a star
        ("30 4 1 * 0-6", ["30 4 * * *"]),  # either is enough, and one of them is every day
    ],
)
def test_lines_mean_what_cron_means(cron: str, lines: list[str]) -> None:
    assert trigger(Schedule(cron, "Europe/Berlin")).split("\n") == ["TZ=Europe/Berlin", *lines]


@pytest.mark.parametrize("cron", ["0 3 L * *", "0 3 LW * *", "0 3 * * 1#2", "0 3 * * 5L"])
def test_what_jenkins_has_no_form_for_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match="month"):
        trigger(Schedule(cron))
