"""The words of one step's process on Kubeflow, with KFP's placeholders for what is known when it runs.

In: a plan and a step. Out: one word for each option (`--input=table={{$.inputs.artifacts['table'].path}}`), and the
names that the component's inputs have. Owns how steps' inputs, values and params are named in KFP; never writes YAML.
Change it when the step process or KFP's placeholders change.
"""

from __future__ import annotations

import re

from mlspec.expr.braces import guard
from mlspec.plan.command import step_options
from mlspec.plan.model import Output, Plan, Step, StepOutput

RUN_ID = "run-id"
RUN_STATUS = "run-status"
"""A hyphen keeps our own parameters apart from the user's: their names are identifiers."""

_MARK = re.compile("\0([^\0]*)\0")


def artifact_inputs(plan: Plan, step: Step) -> dict[tuple[str, str], str]:
    """The input artifacts of a step's component: (step id, output) to the input's name, in the step's order.

    An input that is a list takes one input for each of its steps (`losses-0`), because an artifact list cannot be put
    together from several tasks. What only expressions read is named after its address (`train-metrics`).
    """
    names: dict[tuple[str, str], str] = {}
    sources = [(item.name, item.source) for item in step.inputs]
    sources += [(value.address.replace(".", "-"), value.source) for value in step.values]
    for name, source in sources:
        if not isinstance(source, StepOutput):
            continue
        for index, above in enumerate(source.steps):
            names.setdefault((above, source.output), f"{name}-{index}" if source.many else name)
    return names


def param_inputs(step: Step) -> dict[str, str]:
    """The input parameters of a step's component: param to input name, apart from the names of the step's inputs."""
    inputs = {item.name for item in step.inputs}
    return {name: f"params-{name}" if name in inputs else name for name in step.params}


def arguments(plan: Plan, step: Step, *, final: bool) -> list[str]:
    """The options of the step's `mlspec exec`, one word each, but for `--spec-digest`, which is the same for all."""
    artifacts = artifact_inputs(plan, step)
    params = param_inputs(step)

    def uris(_: Plan, source: StepOutput) -> list[str]:
        return [_mark(f"inputs.artifacts['{artifacts[above, source.output]}'].path") for above in source.steps]

    def output_path(output: Output) -> str:
        return _mark(f"outputs.artifacts['{output.name}'].path")

    def param_text(name: str) -> str:
        return _mark(f"inputs.parameters['{params[name]}']")

    options: list[tuple[str, ...]] = [
        ("--lifecycle", plan.lifecycle),
        ("--run-id", _mark(f"inputs.parameters['{RUN_ID}']")),
        ("--store", plan.store),
        ("--executor-input", _mark("")),
    ]
    if final:
        options.append(("--run-status", _mark(f"inputs.parameters['{RUN_STATUS}']")))
    elif plan.on_failure == "stop":
        options.append(("--fail-fast",))
    options += step_options(plan, step, uri_of=uris, output_path=output_path, param_text=param_text)
    return [_MARK.sub(_placeholder, guard("=".join(option))) for option in options]


def _mark(path: str) -> str:
    """A placeholder of ours, told apart from the same text in a spec until all text is guarded; NUL is in no spec."""
    return f"\0{path}\0"


def _placeholder(mark: re.Match[str]) -> str:
    return "{{$." + mark[1] + "}}" if mark[1] else "{{$}}"
