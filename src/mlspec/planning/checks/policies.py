"""Rules that a lifecycle has set itself.

In: a pipeline. Out: an error for each step that breaks a rule, with what to add.
Owns `fairness_before_deploy` and `approval_before_deploy`; `pinned_images` is `images`'. Deploying is what steps of the
stage `service` do. Change it when there is another rule about the graph.
"""

from __future__ import annotations

from collections.abc import Callable

from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Named


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Check the policies that are about what comes before a deployment."""
    if pipeline.scope.base:
        return
    policies = pipeline.spec.lifecycle.policies
    rules: dict[str, tuple[Callable[[Pipeline, Named], bool], str, str]] = {
        "fairness_before_deploy": (
            _gates_fairness,
            "a gate on fairness",
            "add a gate that reads a `fairness/…` step's metrics",
        ),
        "approval_before_deploy": (_approves, "an approval", "add a step with `approval` above it"),
    }
    for policy, (holds, what, hint) in rules.items():
        if policy in policies:
            _check(pipeline, policy, holds, what, hint, findings)


def _check(
    pipeline: Pipeline, policy: str, holds: Callable[[Pipeline, Named], bool], what: str, hint: str, findings: Findings
) -> None:
    steps = pipeline.scope.steps
    safe: dict[str, bool] = {}
    for name in pipeline.order:
        named = steps[name]
        safe[name] = holds(pipeline, named) or any(safe.get(other, False) for other in pipeline.wired[name].edges)
        deploys = named.stage == "service" and named.step.gate is None and named.step.approval is None
        if deploys and not named.final and not safe[name]:
            message = f"`{name}` deploys without {what}, which the policy `{policy}` asks for"
            findings.add("MLS604", message, pipeline.spec.key_span(*named.path), hint, path=named.path)


def _approves(pipeline: Pipeline, named: Named) -> bool:
    return named.step.approval is not None


def _gates_fairness(pipeline: Pipeline, named: Named) -> bool:
    if named.step.gate is None:
        return False
    read = {step for step, _ in pipeline.wired[named.name].reads.values.values()}
    return any((pipeline.scope.steps[step].step.uses or "").startswith("fairness/") for step in read)
