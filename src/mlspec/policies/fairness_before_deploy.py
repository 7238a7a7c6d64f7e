"""`fairness_before_deploy`: nothing is deployed unless a measure of fairness was good enough.

In: a plan. Out: findings. Owns what counts as a gate on fairness; `deployments` owns the rest. Never knows whether the limit is a
good one. Change it when fairness can be measured in another way.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic
from mlspec.ir.bodies import Gate, Uses
from mlspec.ir.model import Plan, Step
from mlspec.policies import deployments
from mlspec.policies.deployments import Guard
from mlspec.policies.model import Policy


def _gates_fairness(plan: Plan, step: Step) -> bool:
    """Whether it is a gate that reads what a `fairness/…` step has measured."""
    if not isinstance(step.body, Gate):
        return False
    read = (plan.by_id[name].body for value in step.values for name in value.source.steps)
    return any(isinstance(body, Uses) and body.name.startswith("fairness/") for body in read)


_GUARD = Guard(
    "fairness_before_deploy", "a gate on fairness", "add a gate that reads a `fairness/…` step's metrics", _gates_fairness
)


def check(plan: Plan) -> Iterator[Diagnostic]:
    """Find what deploys, or may deploy, without a gate on fairness."""
    return deployments.check(plan, _GUARD)


POLICY = Policy(_GUARD.policy, "Nothing is deployed but after a gate on a fairness metric.", check)
