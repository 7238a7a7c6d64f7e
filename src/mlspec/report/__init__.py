"""Plans as people look at them: text, JSON, Mermaid, Graphviz, SVG, HTML.

Each module `plan_<form>` has one function `render(plan) -> str`. To add a form: one such
module and its name in `FORMS`.
"""

from __future__ import annotations

from importlib import import_module

from mlspec.ir.model import Plan

FORMS = ("text", "json", "mermaid", "dot", "svg", "html")


def render(plan: Plan, form: str) -> str:
    """Return the plan in one of `FORMS`."""
    text = import_module(f"mlspec.report.plan_{form}").render(plan)
    assert isinstance(text, str)
    return text
