"""The arguments of one step's process on Kubeflow, with KFP's placeholders for what is known when it runs.

In: a plan and a step. Out: one argument for each option (`--input=table={{$.inputs.artifacts['table'].path}}`), and the
names that the component's inputs have. Owns how steps' inputs, values and params are named in KFP; never writes YAML.
Change it when the step process or KFP's placeholders change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mlspec.expr.limits import is_bounded
from mlspec.invocation.arguments import (
    Option,
    body_options,
    cache_options,
    identity_options,
    limits_options,
    own_options,
    run_options,
    start_options,
    wiring_options,
)
from mlspec.invocation.from_plan import Held, UrisOf, fan_out, in_store, invocation, limits_of_params, list_invocation, run_of
from mlspec.invocation.kubeflow import passed_arguments, placeholder, shielded
from mlspec.invocation.model import Cache, Invocation, Joined, Start
from mlspec.ir.bodies import Output
from mlspec.ir.declarations import Secret
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import AnyOutput, StepOutput
from mlspec.targets.secret_forms import kubernetes_form

RUN_ID = "run-id"
RUN_DATE = "run-date"
RUN_STATUS = "run-status"
INDEX = "instance-index"
"""A hyphen keeps our own parameters apart from the user's: their names are identifiers."""


class Ports(NamedTuple):
    """The inputs of a step's component, by what comes in through them."""

    artifacts: Mapping[tuple[str, str], str]
    """(step id, output) → the name of the input artifact, in the step's order."""
    params: Mapping[str, str]
    """Run parameter → the name of the input parameter."""
    given: tuple[str, ...]
    """The run parameters that the process holds to their limits and does not read."""
    holds: bool
    """Whether it holds parameters to their limits at all: what comes after such a process finds them held."""


def ports_of(plan: Plan, step: Step) -> Ports:
    """Name the inputs of a step's component.

    An input that is a list takes one input for each of its steps (`losses-0`), because an artifact list cannot be put
    together from several tasks. What only expressions read is named after its address (`train-metrics`). Outputs of a
    `foreach` step are no artifacts: their readers find them in the store. A parameter keeps its name unless an input has it.
    """
    names: dict[tuple[str, str], str] = {}
    sources: list[tuple[str, object]] = []
    for item in step.inputs:
        several = item.source.sources if isinstance(item.source, AnyOutput) else ()
        sources += [(f"{item.name}-{index}", one) for index, one in enumerate(several)] or [(item.name, item.source)]
    sources += [(_artifact(value.address), value.source) for value in step.values]
    if step.foreach is not None and step.foreach.source is not None:
        sources.append((_artifact(step.foreach.source.address), step.foreach.source.source))
    for name, source in sources:
        if not isinstance(source, StepOutput) or source.dynamic:
            continue
        for index, above in enumerate(source.steps):
            names.setdefault((above, source.output), f"{name}-{index}" if source.many else name)
    inputs, holds = {item.name for item in step.inputs}, holds_params(plan, step)
    read = [*step.params, *([step.foreach.param] if step.foreach is not None and step.foreach.param else [])]
    given = tuple([name for name in _held(plan) if name not in read]) if holds else ()
    params = {name: f"params-{name}" if name in inputs else name for name in (*read, *given)}
    return Ports(names, params, given, holds)


def holds_params(plan: Plan, step: Step) -> bool:
    """Whether a step's process holds parameters to their limits: those that no other one comes before, and `finally` steps."""
    return not step.upstream or step in plan.finals


def _held(plan: Plan) -> list[str]:
    """The parameters that KFP does not hold to their limits: it knows types alone, and takes 7.5 for an integer
    (v2_template.go, `validatePipelineJobInputs`).
    """
    return [parameter.name for parameter in plan.params if parameter.type == "integer" or is_bounded(parameter)]


def held_options(plan: Plan, ports: Ports) -> list[Option]:
    """What a process holds parameters to, and the texts of those that it does not read."""
    if not ports.holds:
        return []
    limits = [(name, one) for name, one in limits_of_params(plan) if name in ports.params]
    texts = [("--given", f"{name}={_value(plan, ports, name)}") for name in ports.given]
    return [*limits_options(limits), *texts]


def run_arguments(plan: Plan) -> list[str]:
    """The arguments that every process of the pipeline begins with: which run it is, and that a failure ends it."""
    run_id, executor_input = placeholder(_parameter(RUN_ID)), placeholder("")
    run = run_of(plan)._replace(run_id=run_id, executor_input=executor_input, limits=())
    return passed_arguments([*run_options(run), *start_options(Start(fail_fast=plan.on_failure == "stop"))])


def arguments(plan: Plan, step: Step, ports: Ports, *, final: bool, cache: Cache | None = None) -> list[str]:
    """The arguments of the step's `mlspec exec` that are its own: neither its run's nor its environment's."""
    uris = _uris(plan, ports.artifacts)

    def output_path(output: Output) -> str | None:
        return None if step.foreach else placeholder(f"outputs.artifacts['{output.name}'].path")

    def param_text(name: str) -> str:
        return _value(plan, ports, name)

    given = invocation(plan, step, uris=uris, output_path=output_path, param_text=param_text, files=_mounted)
    started: list[Option] = [("--run-date", placeholder(_parameter(RUN_DATE)))] if step.reads_date else []
    started += cache_options(cache)
    if final:
        started += start_options(Start(final=True, run_status=placeholder(_parameter(RUN_STATUS))))
    if step.foreach is not None:
        started += start_options(Start(pairs=step.pairs))
        started.append(("--instance", placeholder(_parameter(INDEX))))
        started += wiring_options(fan_out(plan, step, uris=uris, param_text=param_text, known=True))
    return passed_arguments([*started, *held_options(plan, ports), *own_options(given)])


def items_arguments(plan: Plan, step: Step, ports: Ports, *, final: bool) -> list[str]:
    """The arguments of the process that finds the list of a `foreach` step."""
    given = list_invocation(plan, step, uris=_uris(plan, ports.artifacts), param_text=lambda name: _value(plan, ports, name))
    parts = [*identity_options(given.step), *start_options(Start(final=final)), *held_options(plan, ports)]
    return passed_arguments([*parts, *wiring_options(given.wiring), *body_options(given.body)])


def list_artifact(step: Step, ports: Ports) -> str | None:
    """The input artifact that holds the list of a `foreach` step; None for a list that the spec holds, or the store."""
    source = step.foreach.source if step.foreach else None
    if source is None or source.source.dynamic:
        return None
    return ports.artifacts[source.source.steps[0], source.source.output]


def join_arguments(step: Step) -> list[str]:
    """The arguments of the process that tells what the instances of a `foreach` step came to together."""
    return passed_arguments(own_options(Invocation(step=step.name, body=Joined())))


def _uris(plan: Plan, artifacts: Mapping[tuple[str, str], str]) -> UrisOf:
    """Where a step finds what other steps made: KFP's own artifacts, but for instances of a `foreach`."""
    stored = in_store(plan)

    def uris(source: StepOutput) -> list[str]:
        if source.dynamic:
            return stored(source)
        return [placeholder(f"inputs.artifacts['{artifacts[above, source.output]}'].path") for above in source.steps]

    return uris


def _value(plan: Plan, ports: Ports, name: str) -> str:
    """The text of a run parameter; no number and no boolean has a `$` in it."""
    path = _parameter(ports.params[name])
    return placeholder(path) if plan.param(name).type in ("integer", "number", "boolean") else shielded(path)


def _mounted(secret: Secret) -> Held:
    """Where a pod has a secret that is a file."""
    form = kubernetes_form(secret)
    return Held(form.file) if form is not None else Held()


def _parameter(name: str) -> str:
    return f"inputs.parameters['{name}']"


def _artifact(address: str) -> str:
    return address.replace(".", "-")
