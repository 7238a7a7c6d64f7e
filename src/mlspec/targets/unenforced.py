"""Warnings of targets that run steps as processes of a machine: what a spec asks of a container is not enforced there.

In: a plan and what the target calls the place. Out: findings MLS532 and MLS533. Owns their words; never decides that a target
enforces nothing. Change it when a step can ask its container for something more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.model import Plan, Step

_warning = partial(Diagnostic, severity="warning")


def unenforced_resources(
    plan: Plan, where: str, hint: str, concerns: Callable[[Step], bool] = lambda _: True
) -> Iterator[Diagnostic]:
    """Warn of each step that asks for resources, a matrix once, of those that the target `concerns`."""
    seen: set[str] = set()
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in steps:
            wanted = step.resources
            if (wanted.cpu or wanted.memory or wanted.gpu) and step.name not in seen and concerns(step):
                seen.add(step.name)
                message = f"the resources of `{step.name}` are not enforced {where}"
                yield _warning("MLS532", message, step.span or _top(plan), hint=hint, path=f"{section}.{step.name}.resources")


def unused_images(plan: Plan, who: str, hint: str) -> Iterator[Diagnostic]:
    """Warn of each environment that has an image and that some step is in; `who` does not run it."""
    used = {step.environment for step in plan.all_steps()}
    for name, environment in plan.environments.items():
        if environment.image and name in used:
            message = f"{who} not run the image of environment `{name}`"
            yield _warning("MLS533", message, environment.span or _top(plan), hint=hint, path=f"environments.{name}.image")


def _top(plan: Plan) -> Span:
    return Span(plan.spec_file, 1, 1, 1, 1)
