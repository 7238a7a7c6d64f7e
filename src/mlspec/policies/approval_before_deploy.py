"""`approval_before_deploy`: a person says yes before anything is deployed.

In: a plan. Out: findings. Owns what counts as an approval; `deployments` owns the rest. Change it when people can be asked in
another way.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlspec.diagnostics import Diagnostic
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.policies import deployments
from mlspec.policies.deployments import Guard
from mlspec.policies.model import Policy


def _is_approval(plan: Plan, step: Step) -> bool:
    return isinstance(step.body, Approval)


_GUARD = Guard("approval_before_deploy", "an approval", "add a step with `approval` above it", _is_approval)


def check(plan: Plan) -> Iterator[Diagnostic]:
    """Find what deploys, or may deploy, without an approval."""
    return deployments.check(plan, _GUARD)


POLICY = Policy(_GUARD.policy, "Nothing is deployed but after an approval.", check)
