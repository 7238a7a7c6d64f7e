"""What is found wrong with the pods of a plan, on every target that runs steps in pods.

In: a plan, and how a target finds the pod of a step. Out: the places of settings, and the finding MLS518. Owns their paths; never
decides what a target can do. Change it when a setting of pods can be wrong by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mlspec.diagnostics import Diagnostic, Span
from mlspec.expr.values import number_text
from mlspec.ir.describe import path_of
from mlspec.ir.model import Plan, Step
from mlspec.targets.pods import Pod, given


def places(plan: Plan, target: str, common: Pod, own: Callable[[Step], Pod]) -> Iterator[tuple[str, Any, str, Span]]:
    """Yield each setting that a spec gives, with its value, its path and its position; of a matrix once."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    for name, value in given(common).items():
        yield name, value, f"targets.{target}.pods.{name}", plan.option_span(f"{target}.pods.{name}") or top
    seen = set()
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in steps:
            path = f"{section}.{step.name}.x-{target}"
            if path not in seen and target in step.extensions:
                seen.add(path)
                yield from ((name, value, f"{path}.{name}", step.span or top) for name, value in given(own(step)).items())


def short_deadlines(plan: Plan, target: str, pod_of: Callable[[Step], Pod]) -> Iterator[Diagnostic]:
    """Warn of pods that Kubernetes ends before their steps' attempts are over: of a step's own deadline, once for a matrix, there;
    of that of all pods once, with the step that may take longest.
    """
    common: tuple[float, Step, float] | None = None
    own: dict[str, tuple[float, Step, float]] = {}
    for step in plan.all_steps():
        if step.timeout is None or step.name in own or (deadline := pod_of(step).deadline) is None:
            continue
        longest = step.retry.longest(step.timeout)
        if deadline > longest:
            continue
        if "deadline" in step.extensions.get(target, {}):
            own[step.name] = longest, step, deadline
        elif common is None or longest > common[0]:
            common = longest, step, deadline
    if common is not None:
        longest, step, deadline = common
        path = f"{target}.pods.deadline"
        hint = f"make it more than {number_text(longest)} s, or give the step a longer one by `x-{target}: {{deadline: …}}`"
        yield _short(plan, step, deadline, longest, plan.option_span(path), hint, f"targets.{path}")
    for longest, step, deadline in own.values():
        path = f"{path_of(plan, step)}.x-{target}.deadline"
        hint = f"set `deadline` to more than {number_text(longest)} s, with room for the pull of the image"
        yield _short(plan, step, deadline, longest, step.span, hint, path)


def _short(plan: Plan, step: Step, deadline: float, longest: float, span: Span | None, hint: str, path: str) -> Diagnostic:
    return Diagnostic(
        "MLS518",
        f"the pod of step {step.name} is ended after {number_text(deadline)} s, and its attempts may take {number_text(longest)} s",
        span or Span(plan.spec_file, 1, 1, 1, 1),
        severity="warning",
        hint=hint,
        path=path,
    )
