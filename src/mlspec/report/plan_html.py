"""A plan as one HTML page: the picture, the parameters, the steps.

In: a plan. Out: a page that needs nothing else. Owns what the page says; its look and its escaping are `page`'s.
Change it when the page should say more.
"""

from __future__ import annotations

from mlspec.ir import graph
from mlspec.ir.describe import kind, logic
from mlspec.ir.model import Plan
from mlspec.report import plan_svg
from mlspec.report.page import page


def render(plan: Plan) -> str:
    """Return the page."""
    ids = [step.id for step in plan.steps]
    chain = graph.critical_path(ids, {step.id: step.upstream for step in plan.steps})
    return page("plan", plan=plan, picture=plan_svg.render(plan), kind=kind, logic=logic, chain=chain)
