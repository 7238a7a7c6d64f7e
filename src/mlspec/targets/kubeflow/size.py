"""How large a plan's IR will be, without making it.

In: a `Plan`. Out: a number of bytes, within a quarter of the real one. Owns what each thing that a step has takes in the document, as
measured; never emits. Change it when the emitted document says something else of a step (a test compares the two).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from mlspec.expr.values import as_text
from mlspec.invocation.arguments import Option, tracking_options, wiring_options
from mlspec.invocation.from_plan import fan_out, secret_variables, tracking
from mlspec.ir.bodies import Call, Gate, Shell, Uses
from mlspec.ir.declarations import Resources
from mlspec.ir.model import Plan, Step
from mlspec.targets.kubeflow.arguments import held_options, holds_params, ports_of
from mlspec.targets.kubeflow.blocks import retry_of

ETCD_LIMIT = 1_500_000
"""Bytes; etcd refuses a larger object (`--max-request-bytes`), and a run is one object."""
NEAR = 0.8
"""The part of the limit from which on it is close."""


def estimated_size(plan: Plan, texts: Mapping[str, str] | None = None) -> int:
    """About how many bytes of JSON the IR is; `texts` are those of `texts_of`, where they are at hand."""
    texts = texts or texts_of(plan)
    every = 40 + len((plan.lifecycle + plan.store).encode())
    every += _passed(tracking_options(tracking(plan)))
    every += sum(len("--hide=") + len(variable) + 4 for variable in secret_variables(plan))
    return 300 + _declared(plan) + sum(_of_step(plan, step, texts[step.id], every) for step in plan.all_steps())


def texts_of(plan: Plan) -> dict[str, str]:
    """The texts of each step's process that may be long or hold anything, by its id."""
    return {step.id: "\n".join(_texts(step)) for step in plan.all_steps()}


def _texts(step: Step) -> Iterator[str]:
    match step.body:
        case Shell(text) | Call(text) | Uses(text):
            yield text
        case Gate(lines):
            yield from lines
    yield step.when or ""
    for name, value in step.with_:
        yield name
        yield as_text(value)


def _declared(plan: Plan) -> int:
    """The run's parameters: as they are declared, and handed on to the steps and to `finally` where there are two parts."""
    size = 0
    for param in plan.params:
        name = len(param.name.encode())
        size += 75 + name + len(json.dumps(param.default, ensure_ascii=False).encode()) + len(param.description.encode())
        size += 2 * (85 + 3 * name) if plan.finals else 0
    return size


def _of_step(plan: Plan, step: Step, texts: str, every: int) -> int:
    """A step's texts, what declares, wires and passes its inputs and outputs, and what every step has."""
    inputs, outputs, params = len(step.inputs) + len(step.values), len(step.outputs), len(step.params)
    wiring = 215 * inputs + 125 * outputs + 35 * params + 20 * len(step.upstream)
    passed = 35 * inputs + 25 * (outputs + params) + (60 if step.environment else 0) + len(texts.encode())
    repeated = len('"retryPolicy":,') + len(retry_of(plan, step)) if step.retry.lost else 0
    held = _held(plan, step) if holds_params(plan, step) else 0
    one = 530 + every + passed + wiring + repeated + held + _resources(step.resources)
    if step.foreach is None:
        return one
    asking = sum(len(argument.encode()) for option in wiring_options(fan_out(plan, step)) for argument in option)
    listed = 6 * 55 if step.foreach.param is not None else 0
    return 2080 + one + held + listed + 2 * (every + repeated) + 3 * (wiring + asking)


def _held(plan: Plan, step: Step) -> int:
    """What holds parameters to their limits."""
    ports = ports_of(plan, step)
    return 85 * len(ports.given) + _passed(held_options(plan, ports))


def _resources(resources: Resources) -> int:
    return 65 * ((resources.cpu is not None) + (resources.memory is not None)) + (75 if resources.gpu else 0)


def _passed(options: Iterable[Option]) -> int:
    return sum(len(word.encode()) + 8 for option in options for word in option)
