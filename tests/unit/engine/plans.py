"""Short ways to write plans for tests of the runner."""

from __future__ import annotations

from typing import Any

from mlspec.ir.bodies import Call, Gate, Instance, Output, Shell
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import Input, StepOutput, Value
from mlspec.terms import OutputType


def step(name: str, script: str = "true", *needs: str, **fields: Any) -> Step:
    """A step whose `outputs` are `{name: type}`, `inputs` `{name: "step.output"}` and `with_` a mapping."""
    outputs: dict[str, OutputType] = fields.pop("outputs", {})
    inputs: dict[str, str | StepOutput] = fields.pop("inputs", {})
    sources = {key: source if isinstance(source, StepOutput) else out(source) for key, source in inputs.items()}
    upstream = [above for source in sources.values() for above in source.steps]
    upstream += [above for value in fields.get("values", ()) for above in value.source.steps]
    return Step(
        fields.pop("id", name),
        name,
        fields.pop("slug", name),
        fields.pop("body", Shell(script)),
        upstream=tuple(dict.fromkeys((*upstream, *needs))),
        inputs=tuple(Input(key, source) for key, source in sources.items()),
        outputs=tuple(Output(key, kind) for key, kind in outputs.items()),
        with_=tuple(fields.pop("with_", {}).items()),
        **fields,
    )


def out(address: str, kind: OutputType = "artifact") -> StepOutput:
    name, _, output = address.partition(".")
    return StepOutput((name,), output, kind)


def value(address: str, kind: OutputType = "metrics") -> Value:
    return Value(address, out(address, kind))


def gate(name: str, line: str, *values: Value, otherwise: Any = "stop", **fields: Any) -> Step:
    return step(name, body=Gate((line,), otherwise), values=values, **fields)


def call(name: str, function: str, **fields: Any) -> Step:
    return step(name, body=Call(function), **fields)


def matrix(name: str, count: int, script: str, *needs: str, **fields: Any) -> list[Step]:
    """Instances `name[k=0]` and so on."""
    return [
        step(
            name,
            script,
            *needs,
            id=f"{name}[k={number}]",
            slug=f"{name}__{number}",
            instance=Instance(number, (("k", number),)),
            **fields,
        )
        for number in range(count)
    ]


def every(steps: list[Step], output: str, kind: OutputType = "artifact") -> StepOutput:
    return StepOutput(tuple(item.id for item in steps), output, kind, many=True)


def plan(*steps: Step, **fields: Any) -> Plan:
    return Plan("life", "mlspec.yaml", "sha256:" + "0" * 64, steps, **fields)
