"""The helper functions of the generated file.

In: what the tasks call, and the plan. Out: the names of those that the file needs, in the file's order. Owns the list of them;
their text is in `templates/airflow/functions/`, a file each. Change it when tasks share something new.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlspec.ir.model import Plan
from mlspec.targets.airflow.view import Task

QUOTED = "quoted"
"""The one above the start of all step processes, which it quotes."""

FUNCTIONS = (
    "Ended",
    "masked",
    "waits",
    "step_process",
    "always_process",
    "step",
    "final",
    "matrix_rows",
    "list_items",
    "final_each",
    "items_process",
    "answered",
    "answer_process",
    "for_each",
    "for_rows",
    "ListOperator",
)


def always_of(plan: Plan) -> str:
    """The function for what runs after a failure, too."""
    return "always_process" if plan.on_failure == "stop" else "step_process"


def functions_of(plan: Plan, tasks: Sequence[Task], *, listed: bool) -> tuple[str, ...]:
    """The functions that tasks call, and those that these call, but for `QUOTED`; `listed`: more than once the tasks are listed."""
    used = {task.call for task in tasks if task.options} | {task.operator for task in tasks}
    if "final_each" in used:
        used |= {"matrix_rows"} if any(step.instance for step in plan.finals) else set()
        used |= {"list_items"} if any(step.foreach for step in plan.finals) else set()
    if not used.isdisjoint(("final", "final_each")):
        used.add(always_of(plan))
    used |= {"Ended", "step", "waits"} if listed else {"Ended", "step"}
    if any("| masked " in argument for task in tasks for argument in task.arguments):
        used.add("masked")
    if "for_rows" in used:
        used.add("step_process")
    if "answer_process" in used:
        used.add("answered")
    return tuple(name for name in FUNCTIONS if name in used)
