"""The options of step processes, as source text.

In: a plan, a step and its invocation. Out: the arguments of the generated file's functions, a line each, and what stands once at the
top of the file for many of them. Owns which options these are; never knows which task a process is of.
Change it when the step process learns an option that only Airflow gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from mlspec.expr.values import own_instance_uri
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
    Held,
    UrisOf,
    approvals_above,
    cache_on,
    environment_of,
    in_store,
    invocation,
    run_of,
    tracking,
)
from mlspec.invocation.model import Invocation, Start, StepEnvironment, Wiring
from mlspec.ir.declarations import Secret
from mlspec.ir.groups import hangs_on_any, skips_apart
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput
from mlspec.targets.airflow.literals import block, string
from mlspec.targets.airflow.options import airflow_form, options_of
from mlspec.targets.airflow.runners import RUNNERS, container_image
from mlspec.targets.secret_forms import kubernetes_form


def invocation_of(plan: Plan, step: Step) -> Invocation:
    """The invocation of a step, but for its run."""
    uris = _paired(plan) if step.each is not None else None
    made = invocation(plan, step, uris=uris, files=partial(_held, plan))._replace(start=paired_start(plan, step))
    cache = cache_on(plan, step, "airflow", lambda: container_image(plan, step, options_of(plan)))
    return made if cache is None else made._replace(cache=cache)


def _paired(plan: Plan) -> UrisOf:
    """One task stands for all instances: each reads the outputs of the one that has its own number."""
    stored = in_store(plan)

    def uris(source: StepOutput) -> list[str]:
        step = plan.by_id[source.steps[0]]
        if source.many or step.instance is None:
            return stored(source)
        return [own_instance_uri(step.name, source.file_name)]

    return uris


def _held(plan: Plan, secret: Secret) -> Held:
    """A pod has a file of its secret; of what Airflow itself keeps a process gets the content."""
    if RUNNERS[options_of(plan).runner].holds(secret) and (form := kubernetes_form(secret)) is not None:
        return Held(form.file)
    return Held(content=airflow_form(secret) is not None)


def start_of(plan: Plan, step: Step) -> Start:
    """What lets a step with `run_if: failure` start, the failure of what it needs, or of what blocks that; and what a `finally`
    step needs, which Airflow does not look at: a teardown runs, however what it waits for has ended.
    """
    needs = _needs(plan, step) if step in plan.finals else ()
    return Start(when_failed=_failures(plan, step), needs=needs, approved=approvals_above(plan, step))


def paired_start(plan: Plan, step: Step) -> Start:
    """The same of instances. Airflow waits for all that they are paired with, and each looks at its own."""
    apart = step.pairs and any(skips_apart(one, plan) for one in plan.steps if one.name in step.pairs)
    return start_of(plan, step)._replace(pairs=step.pairs if apart else ())


def notes_of(plan: Plan) -> tuple[str, ...]:
    """What the graph of tasks does not say of steps, for `mlspec exec --judge`: a line for each that has something of that kind."""
    steps = plan.steps
    counts = Counter(step.name for step in steps if step.instance is not None)
    found = {step.name: f"*{counts[step.name]}" if step.name in counts else "" for step in steps}
    found |= {step.name: found[step.name] + "!" for step in steps if step.run_if != "success"}
    found |= {step.name: found[step.name] + "|" for step in steps if hangs_on_any(step, plan)}
    return tuple(string(name + note) for name, note in found.items() if note)


def option_lines(invocation: Invocation, fan_out: Wiring = Wiring()) -> tuple[str, ...]:  # noqa: B008 - a constant
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
    return (*_source(own), *_surroundings(invocation.environment), *_source(last))


def named_lines(invocation: Invocation, fan_out: Wiring = Wiring()) -> tuple[str, ...]:  # noqa: B008 - a constant
    """The step's name, and its `option_lines`."""
    return (*_source(identity_options(invocation.step)), *option_lines(invocation, fan_out))


def common_lines(plan: Plan) -> tuple[str, ...]:
    """The options that all processes start with, which the plan knows."""
    return tuple(_source([*run_options(run_of(plan)), *tracking_options(tracking(plan))]))


def environment_lines(plan: Plan) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`ENVIRONMENT` at the top of the file, by name: what steps in it have in common, where that is more than its name."""
    found = {step.environment: environment_of(plan, step) for step in plan.all_steps() if step.environment}
    return tuple(
        (string(name), tuple(_source(environment_options(found[name])))) for name in sorted(found) if _is_shared(found[name])
    )


def _surroundings(environment: StepEnvironment) -> list[str]:
    """What the step runs in."""
    if _is_shared(environment):
        return [f"*ENVIRONMENT[{string(environment.name or '')}]"]
    return _source(environment_options(environment))


def _is_shared(environment: StepEnvironment) -> bool:
    return environment.name is not None and bool(environment.pythonpath or environment.env)


def _source(options: Iterable[Option]) -> list[str]:
    return [block(" ".join(option)) for option in options]


def _needs(plan: Plan, step: Step) -> tuple[str, ...]:
    """The steps that a `finally` step needs, with how many instances they have: one of which nothing started has not run. One whose
    list is empty has no process: what it needs itself stands for it.
    """
    instances = Counter(final.name for final in plan.finals if final.instance is not None) if step.upstream else Counter()
    found: dict[str, None] = {}
    todo = list(step.upstream)
    while todo:
        above = plan.by_id[todo.pop(0)]
        if above.foreach is not None and not above.foreach.literal:
            todo += above.upstream
        elif above.foreach is not None:
            found[f"{above.name}*{len(above.foreach.literal)}"] = None
        elif above.instance is not None:
            found[f"{above.name}*{instances[above.name]}"] = None
        else:
            found[above.name] = None
    return tuple(found)


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
