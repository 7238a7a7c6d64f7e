"""A plan as text for a terminal: levels, steps, what each waits for, the longest chain.

In: a plan. Out: lines. Never colours, never measures a terminal. Change it when `mlspec plan` should show more.
"""

from __future__ import annotations

from mlspec.diagnostics.printable import inert, visible
from mlspec.ir import graph
from mlspec.ir.describe import kind, logic, named
from mlspec.ir.model import Plan, Step
from mlspec.report import Beside

_NOTHING = Beside()


def render(plan: Plan, beside: Beside = _NOTHING) -> str:
    """Return the plan, a line a step and what is known beside it, in the order in which steps may start."""
    ids = [step.id for step in plan.steps]
    upstream = {step.id: step.upstream for step in plan.steps}
    width = max((len(visible(step.id)) for step in plan.all_steps()), default=0)
    lines = [f"{visible(plan.lifecycle)}: {len(plan.steps)} steps" + (f", {len(plan.finals)} finally" if plan.finals else "")]
    for number, level in enumerate(graph.levels(ids, upstream), 1):
        lines.append(f"\n{number}")
        for step_id in level:
            lines.append(_line(plan.by_id[step_id], width, beside))
            lines += [f"  {' ' * width}  {visible(line)}" for line in beside.lines.get(step_id, ())]
    if plan.finals:
        lines.append("\nfinally")
        lines += [_line(step, width, beside) for step in plan.finals]
    lines.append(f"\nlongest chain: {visible(' → '.join(graph.critical_path(ids, upstream)))}")
    if beside.closing:
        lines.append(visible(beside.closing))
    return inert("\n".join(lines)) + "\n"


def _line(step: Step, width: int, beside: Beside) -> str:
    notes = [f"after {', '.join(step.upstream)}"] if step.upstream else []
    notes += [f"when {named(step, step.when)}"] if step.when else []
    notes += [f"{step.retry.limit} retries"] if step.retry.limit else []
    notes += [beside.notes[step.id]] if step.id in beside.notes else []
    tail = f"  ({'; '.join(notes)})" if notes else ""
    return f"  {visible(step.id).ljust(width)}  {visible(f'{kind(step)} {logic(step)}{tail}')}"
