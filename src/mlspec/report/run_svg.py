"""A run as an SVG picture: the graph of its steps, with the state of each.

In: a `RunView`. Out: SVG text that needs nothing else, or nothing where there are too many steps for a picture. Owns what a box says of
a step, and that many instances are one box; its look is `graph_svg`'s. Change it when the picture of a run should say something else.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlspec.history import words
from mlspec.history.model import Outlined, RunView, StepView
from mlspec.history.timeline import folds
from mlspec.report.graph_svg import Box, draw
from mlspec.report.page import SYMBOLS
from mlspec.terms import StepStatus

MOST = 400
"""Boxes."""
_WORST: tuple[StepStatus, ...] = ("failed", "running", "blocked", "pending", "succeeded", "skipped")


def render(view: RunView) -> str:
    """Return the picture; empty where it would have too many boxes."""
    groups = _groups(view)
    if len(groups) > MOST:
        return ""
    box_of = {outlined.id: name for name, members in groups.items() for outlined in members}
    boxes = {name: _box(name, members, view, box_of) for name, members in groups.items()}
    plain = [box for name, box in boxes.items() if not groups[name][0].final]
    return draw(f"{view.lifecycle}, run {view.run_id}", plain, [boxes[name] for name in boxes if groups[name][0].final])


def _groups(view: RunView) -> dict[str, list[Outlined]]:
    """The steps of the outline that share a box: many instances of one matrix do."""
    by_name: dict[str, list[Outlined]] = {}
    for outlined in view.outline.values():
        by_name.setdefault(outlined.name, []).append(outlined)
    groups: dict[str, list[Outlined]] = {}
    for outlined in view.outline.values():
        together = by_name[outlined.name]
        instances = [step for each in together for step in view.instances(each.id)]
        if len(together) > 1 and folds(instances):
            groups.setdefault(outlined.name, []).append(outlined)
        else:
            groups[outlined.id] = [outlined]
    return groups


def _box(name: str, members: Sequence[Outlined], view: RunView, box_of: dict[str, str]) -> Box:
    steps = [step for outlined in members for step in view.instances(outlined.id)]
    states = {step.status for step in steps}
    state = next((each for each in _WORST if each in states), "pending")
    upstream = tuple(dict.fromkeys(box_of[each] for outlined in members for each in outlined.upstream if each in box_of))
    decides = " decides" if members[0].kind in ("gate", "approval") else ""
    label = f"{SYMBOLS[state]} {name}" + (f" × {len(steps)}" if len(steps) > 1 else "")
    detail = _detail(steps) if steps else "pending"
    return Box(name, label, detail, f"{name}: {detail}", f"{state}{decides}", upstream)


def _detail(steps: Sequence[StepView]) -> str:
    if len(steps) > 1:
        return words.counts(steps)
    [step] = steps
    parts = [step.status if step.status != "succeeded" or step.seconds is None else words.took(step.seconds)]
    parts += ["from the cache"] if step.cached_from is not None else []
    return ", ".join(parts)
