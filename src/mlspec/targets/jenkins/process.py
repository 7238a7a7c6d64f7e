"""The options of step processes, and which steps they wait for: the same in every form of the file.

In: a plan and a step. Out: options, and the names of those that stand once at the top of the file. Owns which options those are,
how a fan-out's are parted and how instances of a matrix are named together; never quotes.
Change it when a step is started in another way.
"""

from __future__ import annotations

from typing import NamedTuple

from mlspec.invocation.arguments import (
    Option,
    body_options,
    cache_options,
    environment_options,
    instance_options,
    policy_options,
    start_options,
    step_options,
    tracking_options,
    wiring_options,
)
from mlspec.invocation.from_plan import approvals_above, cache_on, environment_of, fan_out, invocation
from mlspec.invocation.from_plan import tracking as plan_tracking
from mlspec.invocation.model import Invocation, Start, StepEnvironment
from mlspec.ir.groups import is_whole
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins.settings import container_image


class ProcessOptions(NamedTuple):
    """The options of a step's process, but for its run and its name."""

    own: list[Option]
    """All that stand in the step's lines."""
    environment: str | None = None
    """The environment whose options stand once for all steps in it."""
    items: list[Option] | None = None
    """Of a foreach: those that find its list, for the process that prints it and for each instance."""


def process_options(plan: Plan, step: Step) -> ProcessOptions:
    """Part the options of a step's process in its own and those that it shares."""
    process = _invocation(plan, step)
    shared = process.environment.name if _is_shared(process.environment) else None
    return ProcessOptions(
        own=[
            *instance_options(process.instance),
            *start_options(process.start),
            *cache_options(process.cache),
            *wiring_options(process.wiring),
            *policy_options(process.policy),
            *(environment_options(process.environment) if shared is None else ()),
            *body_options(process.body),
        ],
        environment=shared,
        items=list(wiring_options(fan_out(plan, step))) if step.foreach else None,
    )


def all_arguments(plan: Plan, step: Step) -> set[str]:
    """What the file says of the step's process, wherever it stands."""
    process = _invocation(plan, step)
    options = [*step_options(process), *start_options(process.start), *wiring_options(fan_out(plan, step))]
    return {argument for option in options for argument in option}


def environments(plan: Plan) -> dict[str, list[Option]]:
    """The options of each environment that stands at the top of the file, by name in order."""
    found = {step.environment: environment_of(plan, step) for step in plan.all_steps() if step.environment}
    return {name: list(environment_options(found[name])) for name in sorted(found) if _is_shared(found[name])}


def tracking(plan: Plan) -> list[Option]:
    """The options that tell steps where to log to MLflow, and where their lineage goes."""
    return list(tracking_options(plan_tracking(plan)))


def needs_of(plan: Plan, step: Step) -> list[str | list[str]]:
    """The steps it needs, all instances of a matrix as one: `train[*]`; one alone by its id, and a list of those of which one is
    enough. `work[=]` is the instance of a `foreach` that has the same number as each of its own.
    """
    by_id = plan.by_id
    if step.groups:
        paired = step.pairs if step.foreach is not None else ()
        return [f"{group[0]}[=]" if group[0] in paired else _need(plan, group) for group in step.groups]
    names = [f"{by_id[name].name}[*]" if by_id[name].instance else name for name in step.upstream]
    return list(dict.fromkeys(names))


def _need(plan: Plan, group: tuple[str, ...]) -> str | list[str]:
    if is_whole(group, plan.by_id):
        first = plan.by_id[group[0]]
        return f"{first.name}[*]" if first.instance else first.id
    return group[0] if len(group) == 1 else list(group)


def _invocation(plan: Plan, step: Step) -> Invocation:
    """What the step's process is told on Jenkins.

    A foreach's instances find their list by `items`, so that no other option says where it is.
    """
    made = invocation(plan, step)
    if approved := approvals_above(plan, step):
        made = made._replace(start=Start(approved=approved))
    if (cache := cache_on(plan, step, "jenkins", lambda: container_image(plan, step))) is not None:
        made = made._replace(cache=cache)
    if step.foreach is None:
        return made
    listed = fan_out(plan, step)
    values = tuple([value for value in made.wiring.values if value not in listed.values])
    params = tuple([param for param in made.wiring.params if param not in listed.params])
    return made._replace(wiring=made.wiring._replace(values=values, params=params))


def _is_shared(environment: StepEnvironment) -> bool:
    """Whether there is more to say of it than its name."""
    return bool(environment.pythonpath or environment.env)
