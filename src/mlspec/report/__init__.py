"""Plans as people look at them: text, JSON, Mermaid, Graphviz, SVG, HTML.

`plan_text`, `plan_json`, `plan_mermaid` and `plan_dot` each have one function `render(plan) -> str`. To add a form: one such
module and its name in `FORMS`.
"""

from __future__ import annotations

from importlib import import_module

from mlspec.plan.model import Plan

FORMS = ("text", "json", "mermaid", "dot")


def render(plan: Plan, form: str) -> str:
    """Return the plan in one of `FORMS`."""
    text = import_module(f"mlspec.report.plan_{form}").render(plan)
    assert isinstance(text, str)
    return text
