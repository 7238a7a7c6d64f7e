"""A plan as one HTML page: the picture, the parameters, the steps.

In: a plan. Out: a page that needs nothing else. Owns what the page says; its look is in templates/report, its escaping is
Jinja's for HTML. Change it when the page should say more.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader

from mlspec.diagnostics.printable import harmless
from mlspec.expr.values import as_text
from mlspec.ir import graph
from mlspec.ir.describe import kind, logic
from mlspec.ir.model import Plan
from mlspec.report import plan_svg
from mlspec.resources import folder


def render(plan: Plan) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(folder("templates") / "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters["text"] = as_text
    ids = [step.id for step in plan.steps]
    chain = graph.critical_path(ids, {step.id: step.upstream for step in plan.steps})
    page = environment.get_template("plan.html.j2")
    return page.render(plan=plan, picture=plan_svg.render(plan), kind=kind, logic=logic, chain=chain) + "\n"


def _plain(value: Any) -> Any:
    """What a spec says, without controls; the picture is markup, and has none."""
    return harmless(value) if type(value) is str else value
