"""Plans and runs as people look at them: text, JSON, Mermaid, Graphviz, SVG, HTML.

Each module `plan_<form>` has one function `render(plan) -> str`, or `render(plan, beside)`. To add a form: one such
module and its name in `FORMS`. `run_html` and `comparison_*` do it for runs. All pages are made by `page.page` from a template that
extends templates/report/page.html.j2; to add one: such a template, and a module that says what is on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from mlspec.ir.model import Plan

FORMS = ("text", "json", "mermaid", "dot", "svg", "html")


class Beside(NamedTuple):
    """What is known of steps beside the plan, by their ids: lines for people, keys for programs (`text` and `json` show them)."""

    lines: Mapping[str, Sequence[str]] = MappingProxyType({})
    keys: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    notes: Mapping[str, str] = MappingProxyType({})
    """A few words on a step, on its line."""
    closing: str = ""
    """A line on all of them."""
    whole: Mapping[str, Any] = MappingProxyType({})
    """Keys of the whole plan."""


def render(plan: Plan, form: str, beside: Beside | None = None) -> str:
    """Return the plan in one of `FORMS`; `beside` is for `text` and `json`."""
    shown = import_module(f"mlspec.report.plan_{form}").render
    text = shown(plan) if beside is None else shown(plan, beside)
    assert isinstance(text, str)
    return text
