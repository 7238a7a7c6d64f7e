"""A plan as an SVG picture: a box a step, coloured by its stage, dashed where something is decided.

In: a plan. Out: SVG text that needs nothing else. Owns what a box says of a step; its look is `graph_svg`'s.
Change it when the picture of a plan should say something else.
"""

from __future__ import annotations

from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.describe import kind, logic
from mlspec.ir.model import Plan, Step
from mlspec.report.graph_svg import Box, draw


def render(plan: Plan) -> str:
    """Return the picture: steps in columns by level, `finally` steps below."""
    return draw(plan.lifecycle, [_box(step) for step in plan.steps], [_box(step) for step in plan.finals])


def _box(step: Step) -> Box:
    decides = " decides" if isinstance(step.body, Gate | Approval) else ""
    detail = f"{kind(step)} {logic(step)}"
    return Box(step.id, step.id, detail, f"{step.id}: {detail}", f"{step.stage}{decides}", step.upstream)
