"""When the steps of a run ran, and which of them the run waited for.

In: a `RunView`. Out: rows of bars, and the critical path: the chain of steps of which each began when the one before it had ended, back
from the one that ended last. Owns which instances share a row; never draws. Change it when a timeline should show something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlspec.history.model import RunView, StepView

FOLDED = 6
"""More instances of one step than these share a row, a box and a line."""
MOST = 100
"""Rows; of more, those of the critical path and the longest are shown."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A step in its row. `left` and `width` are parts of the whole, from 0 to 1."""

    step: StepView
    left: float
    width: float
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A step, or all instances of one, where these are many. `after` is when it began, in seconds from the start of the run."""

    label: str
    bars: tuple[Bar, ...]
    after: float
    seconds: float
    critical: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows in the order in which they began; `left_out` of them are not shown."""

    rows: tuple[Row, ...]
    seconds: float
    critical: tuple[StepView, ...]
    left_out: int = 0


def timeline(view: RunView) -> Timeline:
    """Lay out when the steps ran that did."""
    timed = [step for step in view.steps.values() if step.begins is not None and step.ends is not None]
    if not timed:
        return Timeline((), 0.0, ())
    first = min(step.begins or 0.0 for step in timed)
    whole = max(max(step.ends or 0.0 for step in timed) - first, 0.001)
    chain = critical_path(view)
    on_it = {step.id for step in chain}
    rows = [_row(label, members, first, whole, on_it) for label, members in _rows(timed)]
    shown = rows
    if len(rows) > MOST:
        wanted = sorted(range(len(rows)), key=lambda number: (not rows[number].critical, -rows[number].seconds))[:MOST]
        shown = [rows[number] for number in sorted(wanted)]
    return Timeline(tuple(sorted(shown, key=lambda row: row.after)), whole, chain, len(rows) - len(shown))


def folds(members: Sequence[StepView]) -> bool:
    """Whether the instances of a step are shown as one."""
    return len(members) > FOLDED


def critical_path(view: RunView) -> tuple[StepView, ...]:
    """The steps that the run waited for, the first one first."""
    timed = [step for step in view.steps.values() if step.ends is not None]
    step = max(timed, key=_end, default=None)
    chain: list[StepView] = []
    while step is not None and step not in chain:
        chain.append(step)
        step = max(_before(view, step, timed), key=_end, default=None)
    return tuple(reversed(chain))


def _before(view: RunView, step: StepView, timed: Sequence[StepView]) -> Iterator[StepView]:
    """What a step can have waited for."""
    outlined = view.outline.get(step.group)
    upstream = outlined.upstream if outlined is not None else ()
    for group in upstream:
        yield from (other for other in view.instances(group) if other.ends is not None)
    if outlined is not None and outlined.final and not upstream:
        yield from (other for other in timed if other.group in view.outline and not view.outline[other.group].final)


def _end(step: StepView) -> float:
    return step.ends if step.ends is not None else 0.0


def _rows(timed: Sequence[StepView]) -> Iterator[tuple[str, list[StepView]]]:
    by_name: dict[str, list[StepView]] = {}
    for step in timed:
        by_name.setdefault(step.name, []).append(step)
    for name, members in by_name.items():
        if folds(members):
            yield f"{name} × {len(members)}", members
        else:
            yield from ((step.id, [step]) for step in members)


def _row(label: str, members: Sequence[StepView], first: float, whole: float, on_it: set[str]) -> Row:
    bars = tuple(
        Bar(step, ((step.begins or first) - first) / whole, max((step.seconds or 0.0) / whole, 0.0), step.id in on_it)
        for step in members
    )
    begin = min(bar.left for bar in bars) * whole
    end = max(bar.left + bar.width for bar in bars) * whole
    return Row(label, bars, begin, end - begin, any(bar.critical for bar in bars))
