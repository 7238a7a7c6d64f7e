"""What the step processes of tasks are told, as source text.

In: a plan, a step and its invocation. Out: the arguments of the generated file's functions, a line each. Owns which
options stand once at the top of the file; never knows which task a process is of.
Change it when the step process learns an option that only Airflow gives.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.invocation.arguments import (
    Option,
    body_options,
    cache_options,
    environment_options,
    policy_options,
    start_options,
    tracking_options,
    wiring_options,
)
from mlspec.invocation.from_plan import cache_on, environment_of, invocation, tracking
from mlspec.invocation.model import Invocation, Start, StepEnvironment, Wiring
from mlspec.ir.bodies import Gate
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow.literals import block, string
from mlspec.targets.airflow.options import options_of
from mlspec.targets.airflow.runners import container_image


def invocation_of(plan: Plan, step: Step) -> Invocation:
    """What the step's process is told, but for its run and for what `mlspec exec` is told of every step."""
    image = container_image(plan, step, options_of(plan))
    return invocation(plan, step)._replace(start=start_of(plan, step), cache=cache_on(plan, step, "airflow", image))


def start_of(plan: Plan, step: Step) -> Start:
    """What lets a step with `run_if: failure` start: the failure of what it needs, or of what blocks that."""
    return Start(when_failed=_failures(plan, step))


def option_lines(given: Invocation, listed: Wiring = Wiring()) -> tuple[str, ...]:  # noqa: B008 - a constant
    """The options after the step's name as source text; those that many steps share are named, for they stand at the top of
    the file. `listed` is what an instance of a `foreach` is told of its list.
    """
    own = [
        *start_options(given.start),
        *cache_options(given.cache),
        *wiring_options(given.wiring),
        *policy_options(given.policy),
    ]
    last = [*wiring_options(listed), *body_options(given.body)]
    return (*_source(own), *_environment(given.environment), *_tracking(given), *_source(last))


def name_line(given: Invocation) -> str:
    """The option that names the step, as source text."""
    return string(f"--step {given.step}")


def tracking_lines(plan: Plan) -> list[str]:
    """The options of `TRACKING` at the top of the file; none where no step logs."""
    tracked = any(not isinstance(step.body, Gate) for step in plan.all_steps())
    return [string(" ".join(option)) for option in tracking_options(tracking(plan))] if tracked else []


def environment_lines(plan: Plan) -> list[tuple[str, list[str]]]:
    """The options of each environment that a step is in, by name; not where there is but the name."""
    found = {step.environment: environment_of(plan, step) for step in plan.all_steps() if step.environment}
    return [
        (string(name), [string(" ".join(option)) for option in environment_options(found[name])])
        for name in sorted(found)
        if _is_shared(found[name])
    ]


def _is_shared(environment: StepEnvironment) -> bool:
    return bool(environment.pythonpath)


def _environment(environment: StepEnvironment) -> list[str]:
    if _is_shared(environment):
        return [f"*ENVIRONMENT[{string(environment.name or '')}]"]
    return _source(environment_options(environment))


def _tracking(given: Invocation) -> list[str]:
    return ["*TRACKING"] if given.tracking.uri is not None else []


def _source(options: Iterable[Option]) -> list[str]:
    return [block(" ".join(option)) for option in options]


def _failures(plan: Plan, step: Step) -> tuple[str, ...]:
    """The steps whose failure lets a step with `run_if: failure` start: what it needs, and what blocks that."""
    if step.run_if != "failure":
        return ()
    found: dict[str, Step] = {}
    todo = list(step.upstream)
    while todo:
        above = plan.by_id[todo.pop()]
        if above.id not in found:
            found[above.id] = above
            todo += above.upstream if above.run_if == "success" else ()
    return tuple(dict.fromkeys(one.name for one in plan.steps if one.id in found))
