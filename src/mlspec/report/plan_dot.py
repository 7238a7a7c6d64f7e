"""A plan as a Graphviz graph.

In: a plan. Out: DOT text. Owns its escaping: everything is a quoted string. Change it when the picture should show more.
"""

from __future__ import annotations

from mlspec.diagnostics.printable import visible
from mlspec.ir import graph
from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.model import Plan, Step

_COLOURS = {"data": "#dbeafe", "model": "#dcfce7", "service": "#fef3c7"}


def render(plan: Plan) -> str:
    """Return a digraph, left to right."""
    ids = [step.id for step in plan.steps]
    above = graph.reduced(ids, {step.id: step.upstream for step in plan.steps})
    lines = [f"digraph {_quoted(plan.lifecycle)} {{", "  rankdir=LR;", '  node [style=filled, fontname="sans-serif"];']
    lines += [f"  {_node(step)};" for step in plan.steps]
    lines += [f"  {_quoted(other)} -> {_quoted(step.id)};" for step in plan.steps for other in above[step.id]]
    if plan.finals:
        lines += [
            "  subgraph cluster_finally {",
            '    label="finally";',
            *(f"    {_node(step)};" for step in plan.finals),
            "  }",
        ]
    return "\n".join([*lines, "}"]) + "\n"


def _node(step: Step) -> str:
    shape = "diamond" if isinstance(step.body, Gate) else "parallelogram" if isinstance(step.body, Approval) else "box"
    return f'{_quoted(step.id)} [shape={shape}, fillcolor="{_COLOURS[step.stage]}"]'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = visible(escaped)
    return f'"{escaped}"'
