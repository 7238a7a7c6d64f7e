"""The options of step processes, as source text.

In: a plan, a step and its invocation. Out: the arguments of the generated file's functions, a line each, and what stands once at the
top of the file for many of them. Owns which options these are; never knows which task a process is of.
Change it when the step process learns an option that only Airflow gives.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.invocation.arguments import (
    Option,
    body_options,
    cache_options,
    environment_options,
    identity_options,
    policy_options,
    run_options,
    start_options,
    tracking_options,
    wiring_options,
)
from mlspec.invocation.from_plan import (
    cache_on,
    environment_of,
    invocation,
    run_of,
    tracking,
    tracking_of,
)
from mlspec.invocation.model import Invocation, Start, StepEnvironment, Tracking, Wiring
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow.literals import block, string
from mlspec.targets.airflow.options import options_of
from mlspec.targets.airflow.runners import container_image


def invocation_of(plan: Plan, step: Step) -> Invocation:
    """The invocation of a step, but for its run."""
    made = invocation(plan, step)._replace(start=start_of(plan, step))
    cache = cache_on(plan, step, "airflow", lambda: container_image(plan, step, options_of(plan)))
    return made if cache is None else made._replace(cache=cache)


def start_of(plan: Plan, step: Step) -> Start:
    """What lets a step with `run_if: failure` start: the failure of what it needs, or of what blocks that."""
    return Start(when_failed=_failures(plan, step))


def option_lines(plan: Plan, invocation: Invocation, fan_out: Wiring = Wiring()) -> tuple[str, ...]:  # noqa: B008 - a constant
    """The options after the step's name; those that many steps share by the name that they have at the top of the file.

    `fan_out` says to an instance of a `foreach` which list it takes its element of.
    """
    own = [
        *start_options(invocation.start),
        *cache_options(invocation.cache),
        *wiring_options(invocation.wiring),
        *policy_options(invocation.policy),
    ]
    last = [*wiring_options(fan_out), *body_options(invocation.body)]
    return (*_source(own), *_surroundings(plan, invocation), *_source(last))


def named_lines(plan: Plan, invocation: Invocation, fan_out: Wiring = Wiring()) -> tuple[str, ...]:  # noqa: B008 - a constant
    """The step's name, and its `option_lines`."""
    return (*_source(identity_options(invocation.step)), *option_lines(plan, invocation, fan_out))


def common_lines(plan: Plan) -> tuple[str, ...]:
    """The options that all processes start with, which the plan knows."""
    return tuple(_source(run_options(run_of(plan))))


def tracking_lines(plan: Plan) -> tuple[str, ...]:
    """`TRACKING` at the top of the file; nothing where no step logs."""
    logs = any(tracking_of(plan, step).uri is not None for step in plan.all_steps())
    return tuple(_source(tracking_options(tracking(plan)))) if logs else ()


def environment_lines(plan: Plan) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`ENVIRONMENT` at the top of the file, by name: what steps in it have in common, where that is more than its name."""
    logs = tracking(plan)
    steps = [step for step in plan.all_steps() if tracking_of(plan, step) == logs]
    found = {step.environment: environment_of(plan, step) for step in steps if step.environment}
    return tuple((string(name), tuple(_apart(found[name], logs))) for name in sorted(found) if _is_shared(found[name], logs))


def _surroundings(plan: Plan, invocation: Invocation) -> list[str]:
    """What the step runs in, and where it logs."""
    environment, logs = invocation.environment, invocation.tracking
    if _is_shared(environment, logs) and logs == tracking(plan):
        return [f"*ENVIRONMENT[{string(environment.name or '')}]"]
    return _apart(environment, logs)


def _is_shared(environment: StepEnvironment, logs: Tracking) -> bool:
    return environment.name is not None and bool(environment.pythonpath or logs.uri)


def _apart(environment: StepEnvironment, logs: Tracking) -> list[str]:
    return [*_source(environment_options(environment)), *(["*TRACKING"] if logs.uri else [])]


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
