"""A plan as a Mermaid flowchart, which Git hosts draw in pull requests.

In: a plan. Out: Mermaid text. Owns its escaping: labels are quoted, quotes, markup and directives become entities.
Change it when the picture should show more.
"""

from __future__ import annotations

from mlspec.diagnostics.printable import visible
from mlspec.ir import graph
from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.model import Plan, Step

_STAGES = {"data": "#dbeafe", "model": "#dcfce7", "service": "#fef3c7"}


def render(plan: Plan) -> str:
    """Return a flowchart: boxes for steps, rhombs for gates, parallelograms for approvals."""
    ids = [step.id for step in plan.steps]
    above = graph.reduced(ids, {step.id: step.upstream for step in plan.steps})
    lines = ["flowchart LR", *(f"  {step.slug}{_shape(step)}:::{step.stage}" for step in plan.steps)]
    for step in plan.steps:
        lines += [f"  {plan.by_id[other].slug} --> {step.slug}" for other in above[step.id]]
    if plan.finals:
        lines.append("  subgraph finally")
        lines += [f"    {step.slug}{_shape(step)}:::{step.stage}" for step in plan.finals]
        lines.append("  end")
    lines += [f"  classDef {stage} fill:{colour},stroke:#334155" for stage, colour in _STAGES.items()]
    return "\n".join(lines) + "\n"


def _shape(step: Step) -> str:
    label = f'"{_escaped(step.id)}"'
    match step.body:
        case Gate():
            return f"{{{label}}}"
        case Approval():
            return f"[/{label}/]"
        case _:
            return f"[{label}]"


def _escaped(text: str) -> str:
    for character, entity in (
        ("\n", " "),
        ("#", "#35;"),
        ("%%", "#37;#37;"),
        ("`", "#96;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
    ):
        text = text.replace(character, entity)
    return visible(text)
