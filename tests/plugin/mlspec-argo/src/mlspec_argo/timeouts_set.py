"""`timeouts_set`: no step may run for ever.

In: a plan. Out: findings. Owns which steps must say a timeout: all that run something. Never knows whether it is a good one.
Change it when something else can bound a step's time.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic
from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.model import Plan
from mlspec.policies.model import Policy, broken


def check(plan: Plan) -> Iterator[Diagnostic]:
    """Find each step without a timeout; a matrix once."""
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in {step.name: step for step in steps}.values():
            if step.timeout is None and not isinstance(step.body, Gate | Approval):
                message = f"`{step.name}` has no timeout, which the policy `timeouts_set` asks for"
                hint = "add `timeout`, or one for all steps to `defaults`"
                yield broken(message, step.span, hint, f"{section}.{step.name}", plan)


POLICY = Policy("timeouts_set", "Every step says how long it may run.", check)
