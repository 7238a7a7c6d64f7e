"""The words of one step's process on Kubeflow, with KFP's placeholders for what is known when it runs.

In: a plan and a step. Out: one word for each option (`--input=table={{$.inputs.artifacts['table'].path}}`), and the
names that the component's inputs have. Owns how steps' inputs, values and params are named in KFP; never writes YAML.
Change it when the step process or KFP's placeholders change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from mlspec.expr.braces import guard
from mlspec.invocation.from_plan import UriOf, Words, in_store, items_options, step_options
from mlspec.ir.model import Output, Plan, Step, StepOutput

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
    """The options that say which run it is, one word each: every process of the pipeline begins with them."""
    return _words(
        [
            ("--lifecycle", plan.lifecycle),
            ("--run-id", _mark(f"inputs.parameters['{RUN_ID}']")),
            ("--store", plan.store),
            ("--executor-input", _mark("")),
        ]
    )


def arguments(plan: Plan, step: Step, ports: Ports, *, final: bool) -> list[str]:
    """The options of the step's `mlspec exec`, one word each, but for those that are the same for all."""
    uris = _uris(ports.artifacts)

    def output_path(output: Output) -> str | None:
        return None if step.foreach else _mark(f"outputs.artifacts['{output.name}'].path")

    def param_text(name: str) -> str:
        return _mark(f"inputs.parameters['{ports.params[name]}']")

    options: list[Words] = []
    if final:
        options.append(("--run-status", _mark(f"inputs.parameters['{RUN_STATUS}']")))
    elif plan.on_failure == "stop":
        options.append(("--fail-fast",))
    if step.foreach is not None:
        options.append(("--instance", _mark(f"inputs.parameters['{INDEX}']")))
        options += items_options(plan, step, uri_of=uris)
    options += step_options(plan, step, uri_of=uris, output_path=output_path, param_text=param_text)
    return _words(options)


def items_arguments(plan: Plan, step: Step, ports: Ports, *, final: bool) -> list[str]:
    """The options of the process that finds the list of a `foreach` step."""
    bare = replace(step, values=())
    options: list[Words] = [("--step", step.name)]
    if plan.on_failure == "stop" and not final:
        options.append(("--fail-fast",))
    return _words([*options, *items_options(plan, bare, uri_of=_uris(ports.artifacts))])


def list_artifact(step: Step, ports: Ports) -> str | None:
    """The input artifact that holds the list of a `foreach` step; None for a list that the spec holds, or the store."""
    source = step.foreach.source if step.foreach else None
    if source is None or source.source.dynamic:
        return None
    return ports.artifacts[source.source.steps[0], source.source.output]


def join_arguments(step: Step) -> list[str]:
    """The options of the process that tells what the instances of a `foreach` step came to together."""
    return _words([("--step", step.name), ("--joined",)])


def _uris(artifacts: Mapping[tuple[str, str], str]) -> UriOf:
    """Where a step finds what other steps made: KFP's own artifacts, but for instances of a `foreach`."""

    def uris(plan: Plan, source: StepOutput) -> list[str]:
        if source.dynamic:
            return in_store(plan, source)
        return [_mark(f"inputs.artifacts['{artifacts[above, source.output]}'].path") for above in source.steps]

    return uris


def _words(options: Iterable[Words]) -> list[str]:
    return [_with_placeholders(guard("=".join(option))) for option in options]


def _artifact(address: str) -> str:
    return address.replace(".", "-")


def _mark(path: str) -> str:
    """A placeholder of ours, told apart from the same text in a spec until all text is guarded; NUL is in no spec."""
    return f"\0{path}\0"


def _with_placeholders(guarded: str) -> str:
    """Put KFP's placeholders in the place of ours."""
    if "\0" not in guarded:
        return guarded
    parts = guarded.split("\0")
    parts[1::2] = ["{{$." + path + "}}" if path else "{{$}}" for path in parts[1::2]]
    return "".join(parts)
