"""What a step's process is told, and which steps it waits for: the same in every form of the file.

In: a plan and a step. Out: groups of words, names of steps. Owns how a fan-out's options are parted and how instances of a
matrix are named together; never quotes. Change it when a step is started in another way.
"""

from __future__ import annotations

from dataclasses import replace

from mlspec.invocation.from_plan import Words, cache_options, items_options, step_options, takes_from_earlier_runs
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins.settings import image_of


def words_of(plan: Plan, step: Step) -> dict[str, list[Words]]:
    """The options of the step: `items` has those that find the list of a foreach, `options` all others."""
    options = step_options(plan, step)
    if takes_from_earlier_runs(plan, "jenkins"):
        options[1:1] = cache_options(plan, step, image_of(plan, step))
    if step.foreach is None:
        return {"options": options}
    items = items_options(plan, replace(step, values=()))
    return {"items": items, "options": [words for words in options if words not in items]}


def needs_of(plan: Plan, step: Step) -> list[str]:
    """The steps it needs, all instances of a matrix as one: `train[*]`."""
    by_id = plan.by_id
    names = [f"{by_id[name].name}[*]" if by_id[name].instance else name for name in step.upstream]
    return list(dict.fromkeys(names))
