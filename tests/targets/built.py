"""Steps and plans by hand, as a spec would have made them, for the tests of several targets.

In: names, scripts. Out: parts of a `Plan`. Owns the fields that no such test cares about: the span, the digest.
Change it when a plan cannot be made without something new.
"""

from __future__ import annotations

from dataclasses import replace

from mlspec.diagnostics import Span
from mlspec.ir.bodies import Shell
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import StepOutput
from mlspec.lowering import lower

SPAN = Span("mlspec.yaml", 1, 1, 1, 2)
DIGEST = "sha256:" + "0" * 64


def step(name: str, script: str = "true", upstream: str = "", **fields: object) -> Step:
    """A `run` step; `upstream` is a list of ids."""
    made = Step(name, name, name, Shell(script), upstream=tuple(upstream.split()), span=SPAN)
    return replace(made, **fields)  # type: ignore[arg-type]


def reads(step: str, output: str, kind: str = "dataset") -> StepOutput:
    return StepOutput((step,), output, kind)  # type: ignore[arg-type]


def plan(name: str, *steps: Step, **fields: object) -> Plan:
    """A plan of these steps, lowered, as targets get it."""
    return lower(replace(Plan(name, "mlspec.yaml", DIGEST, steps), **fields))  # type: ignore[arg-type]
