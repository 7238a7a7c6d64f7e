"""What a step's process is told, and which steps it waits for: the same in every form of the file.

In: a plan and a step. Out: lists of options, names of steps. Owns how a fan-out's options are parted and how instances of a
matrix are named together; never quotes. Change it when a step is started in another way.
"""

from __future__ import annotations

from mlspec.invocation.arguments import Option, step_options, wiring_options
from mlspec.invocation.from_plan import cache_on, fan_out, invocation
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins.settings import container_image


def options_by_list(plan: Plan, step: Step) -> dict[str, list[Option]]:
    """The options of the step: `items` has those that find the list of a foreach, `options` all others."""
    given = invocation(plan, step)._replace(cache=cache_on(plan, step, "jenkins", container_image(plan, step)))
    if step.foreach is None:
        return {"options": step_options(given)}
    listed = fan_out(plan, step)
    values = tuple(value for value in given.wiring.values if value not in listed.values)
    given = given._replace(wiring=given.wiring._replace(values=values))
    return {"items": list(wiring_options(listed)), "options": step_options(given)}


def needs_of(plan: Plan, step: Step) -> list[str]:
    """The steps it needs, all instances of a matrix as one: `train[*]`."""
    by_id = plan.by_id
    names = [f"{by_id[name].name}[*]" if by_id[name].instance else name for name in step.upstream]
    return list(dict.fromkeys(names))
