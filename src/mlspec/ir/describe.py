"""What a step is called, and what it is in a few words.

In: a step of the plan. Out: one line of text. Owns the ids of instances and the words that generated files, pictures and lists
share; never formats for one of them.
Change it when steps have another kind of body.
"""

from __future__ import annotations

from mlspec.expr.values import as_text
from mlspec.ir.bodies import Approval, Call, Gate, Instance, Shell, Uses
from mlspec.ir.model import Step

_LONGEST = 72


def id_of(name: str, instance: Instance | None) -> str:
    """`train`, or `train[depth=2,loss=log]`."""
    if instance is None:
        return name
    return f"{name}[{','.join(f'{key}={as_text(value)}' for key, value in instance.values)}]"


def logic(step: Step) -> str:
    """Where the step's logic is: its command, function, library step, conditions or question."""
    match step.body:
        case Shell(script):
            lines = script.strip().splitlines()
            return _short(lines[0]) + (" …" if len(lines) > 1 else "")
        case Call(function):
            return function
        case Uses(name):
            return name
        case Gate(lines, otherwise):
            return _short(" and ".join(lines)) + f", otherwise {otherwise}"
        case Approval(message):
            return _short(message)


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
