"""The critical path and the rows of a timeline."""

from __future__ import annotations

from mlspec.history.model import Outlined, RunView, StepView
from mlspec.history.timeline import MOST, critical_path, timeline


def view(**steps: tuple[str, float, float]) -> RunView:
    """A run: of each step what it waits for, when it began and when it ended."""
    made = {
        name: StepView(name, name, None, "succeeded", name, begins=begin, ends=end) for name, (_, begin, end) in steps.items()
    }
    outline = {
        name: Outlined(name, name, "run", "true", "model", tuple(above.split()), name == "last")
        for name, (above, _, _) in steps.items()
    }
    return RunView("life", "R", "succeeded", True, made, outline)


def test_the_path_goes_back_from_the_end_over_what_ended_last() -> None:
    run = view(a=("", 0, 5), b=("", 0, 3), c=("a b", 5, 6), d=("b", 3, 9), e=("c", 6, 7))
    assert [step.id for step in critical_path(run)] == ["b", "d"]


def test_finally_waits_for_all() -> None:
    run = view(a=("", 0, 5), b=("a", 5, 8), c=("", 0, 2), last=("", 8, 9))
    assert [step.id for step in critical_path(run)] == ["a", "b", "last"]


def test_what_never_ran_has_no_row() -> None:
    run = view(a=("", 0, 5))
    blocked = StepView("z", "z", None, "blocked", "z")
    found = timeline(RunView("life", "R", "failed", True, {**run.steps, "z": blocked}, run.outline))
    assert ([row.label for row in found.rows], found.seconds) == (["a"], 5)
    assert timeline(RunView("life", "R", "running", True, {"z": blocked}, {})).rows == ()


def test_a_circle_in_an_outline_that_was_tampered_with_ends() -> None:
    assert len(critical_path(view(a=("b", 0, 5), b=("a", 0, 5)))) == 2


def test_of_many_rows_the_longest_and_the_critical_ones_are_shown() -> None:
    run = view(**{f"s{number}": ("", number, number + 1.5 + number % 7) for number in range(300)}, tiny=("", 400, 400.1))
    found = timeline(run)
    assert (len(found.rows), found.left_out) == (MOST, 301 - MOST)
    assert found.rows[-1].label == "tiny"
    assert all(0 <= bar.left <= bar.left + bar.width <= 1.000001 for row in found.rows for bar in row.bars)


def test_clocks_that_went_back_make_no_bar_of_negative_width() -> None:
    assert timeline(view(a=("", 10, 5), b=("a", 5, 6))).rows[0].bars[0].width >= 0
