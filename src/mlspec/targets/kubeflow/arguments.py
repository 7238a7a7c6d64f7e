"""The arguments of one step's process on Kubeflow, with KFP's placeholders for what is known when it runs.

In: a plan and a step. Out: one argument for each option (`--input=table={{$.inputs.artifacts['table'].path}}`), and the
names that the component's inputs have. Owns how steps' inputs, values and params are named in KFP; never writes YAML.
Change it when the step process or KFP's placeholders change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mlspec.invocation.arguments import (
    Option,
    body_options,
    cache_options,
    identity_options,
    run_options,
    start_options,
    step_options,
    wiring_options,
)
from mlspec.invocation.from_plan import UrisOf, fan_out, in_store, invocation, list_invocation, run_of
from mlspec.invocation.kubeflow import passed_arguments, placeholder
from mlspec.invocation.model import Cache, Invocation, Joined, Start, StepEnvironment, Tracking
from mlspec.ir.bodies import Output
from mlspec.ir.model import Plan, Step, StepOutput

RUN_ID = "run-id"
RUN_STATUS = "run-status"
INDEX = "instance-index"
"""A hyphen keeps our own parameters apart from the user's: their names are identifiers."""


class Ports(NamedTuple):
    """The inputs of a step's component, by what comes in through them."""

    artifacts: Mapping[tuple[str, str], str]
    """(step id, output) → the name of the input artifact, in the step's order."""
    params: Mapping[str, str]
    """Run parameter → the name of the input parameter."""


def ports_of(step: Step) -> Ports:
    """Name the inputs of a step's component.

    An input that is a list takes one input for each of its steps (`losses-0`), because an artifact list cannot be put
    together from several tasks. What only expressions read is named after its address (`train-metrics`). Outputs of a
    `foreach` step are no artifacts: their readers find them in the store. A parameter keeps its name unless an input has it.
    """
    names: dict[tuple[str, str], str] = {}
    sources = [(item.name, item.source) for item in step.inputs]
    sources += [(_artifact(value.address), value.source) for value in step.values]
    if step.foreach is not None and step.foreach.source is not None:
        sources.append((_artifact(step.foreach.source.address), step.foreach.source.source))
    for name, source in sources:
        if not isinstance(source, StepOutput) or source.dynamic:
            continue
        for index, above in enumerate(source.steps):
            names.setdefault((above, source.output), f"{name}-{index}" if source.many else name)
    inputs = {item.name for item in step.inputs}
    return Ports(names, {name: f"params-{name}" if name in inputs else name for name in step.params})


def run_arguments(plan: Plan) -> list[str]:
    """The arguments that every process of the pipeline begins with: which run it is, and that a failure ends it."""
    run_id, executor_input = placeholder(f"inputs.parameters['{RUN_ID}']"), placeholder("")
    run = run_of(plan)._replace(run_id=run_id, executor_input=executor_input)
    return passed_arguments([*run_options(run), *start_options(Start(fail_fast=plan.on_failure == "stop"))])


def arguments(plan: Plan, step: Step, ports: Ports, *, final: bool, cache: Cache | None = None) -> list[str]:
    """The arguments of the step's `mlspec exec` that are its own: neither its run's nor its environment's."""
    uris = _uris(plan, ports.artifacts)

    def output_path(output: Output) -> str | None:
        return None if step.foreach else placeholder(f"outputs.artifacts['{output.name}'].path")

    def param_text(name: str) -> str:
        return placeholder(f"inputs.parameters['{ports.params[name]}']")

    given = invocation(plan, step, uris=uris, output_path=output_path, param_text=param_text)
    own = given._replace(environment=StepEnvironment(), tracking=Tracking())
    started: list[Option] = [*cache_options(cache), *start_options(_start(final=final))]
    if step.foreach is not None:
        started.append(("--instance", placeholder(f"inputs.parameters['{INDEX}']")))
        started += wiring_options(fan_out(plan, step, uris=uris, known=True))
    return passed_arguments([*started, *step_options(own)])


def items_arguments(plan: Plan, step: Step, ports: Ports, *, final: bool) -> list[str]:
    """The arguments of the process that finds the list of a `foreach` step."""
    given = list_invocation(plan, step, uris=_uris(plan, ports.artifacts))
    parts = [*identity_options(given.step), *start_options(Start(final=final)), *wiring_options(given.wiring)]
    return passed_arguments([*parts, *body_options(given.body)])


def list_artifact(step: Step, ports: Ports) -> str | None:
    """The input artifact that holds the list of a `foreach` step; None for a list that the spec holds, or the store."""
    source = step.foreach.source if step.foreach else None
    if source is None or source.source.dynamic:
        return None
    return ports.artifacts[source.source.steps[0], source.source.output]


def join_arguments(step: Step) -> list[str]:
    """The arguments of the process that tells what the instances of a `foreach` step came to together."""
    return passed_arguments(step_options(Invocation(step=step.name, body=Joined())))


def _start(*, final: bool) -> Start:
    return Start(final=True, run_status=placeholder(f"inputs.parameters['{RUN_STATUS}']")) if final else Start()


def _uris(plan: Plan, artifacts: Mapping[tuple[str, str], str]) -> UrisOf:
    """Where a step finds what other steps made: KFP's own artifacts, but for instances of a `foreach`."""
    stored = in_store(plan)

    def uris(source: StepOutput) -> list[str]:
        if source.dynamic:
            return stored(source)
        return [placeholder(f"inputs.artifacts['{artifacts[above, source.output]}'].path") for above in source.steps]

    return uris


def _artifact(address: str) -> str:
    return address.replace(".", "-")
