"""What a step is called, and what it is in a few words.

In: a step of the plan. Out: one line of text. Owns the ids of instances, the paths of steps and the words that generated files,
pictures and lists share; never formats for one of them.
Change it when steps have another kind of body.
"""

from __future__ import annotations

import re

from mlspec.ir.bodies import Approval, Call, Gate, Instance, Shell, Uses
from mlspec.ir.model import Plan, Step

_LONGEST = 72


def id_of(name: str, instance: Instance | None) -> str:
    """`train`, or `train[depth=2,loss=log]`."""
    if instance is None:
        return name
    return f"{name}[{instance.label}]"


def path_of(plan: Plan, step: Step) -> str:
    """Its place in the spec: `steps.train`, which all instances of a matrix share, or `finally.clean`."""
    return f"{'finally' if step in plan.finals else 'steps'}.{step.name}"


def logic(step: Step) -> str:
    """Where the step's logic is: its command, function, library step, conditions or question."""
    match step.body:
        case Shell(script):
            lines = script.strip().splitlines()
            return _short(named(step, lines[0])) + (" …" if len(lines) > 1 else "")
        case Call(function):
            return function
        case Uses(name):
            return name
        case Gate(lines, otherwise):
            return _short(named(step, " and ".join(lines))) + f", otherwise {otherwise}"
        case Approval(message):
            return _short(message)


def named(step: Step, text: str) -> str:
    """A text of a step with the ids of instances in it, as the spec has them: in the plan `train[depth=2]` is `train__0` there."""
    for value in step.values:
        root = value.address.partition(".")[0]
        if not value.source.many and root != value.source.steps[0]:
            text = re.sub(rf"(?<![\w.]){root}(?=\.)", lambda _, to=value.source.steps[0]: to, text)  # type: ignore[misc]
    return text


def kind(step: Step) -> str:
    """The key of the body: run, call, uses, gate or approval."""
    match step.body:
        case Shell():
            return "run"
        case Call():
            return "call"
        case Uses():
            return "uses"
        case Gate():
            return "gate"
        case Approval():
            return "approval"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
