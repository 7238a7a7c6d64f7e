"""What stands before a deployment: what the policies about deploying share.

In: a plan, and what a policy asks for before a deployment (its guard). Out: findings. Owns what deploys (a step of stage `service`),
when a guard holds for a step, and when a step must say its stage. Never knows which guard it is.
Change it when a step can run in spite of what stands above it, or can deploy without looking like it.

A guard holds for a step when the step cannot start unless the guard has let it: the step waits for the guard, or for a step for which
it holds, and starts on success alone. A skip and a failure pass on to all that wait, so that every way but `run_if` is closed.

A step that does not say its stage has the default, which does not deploy. Where a policy depends on it, that must be said: by a step
that stands below a guard; by one that makes nothing and ends the graph; and by one that comes after a model is made and makes neither
a model nor metrics itself. All `finally` steps come after everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.bodies import Approval, Call, Gate, Shell
from mlspec.ir.model import Plan, Step
from mlspec.policies.model import broken


@dataclass(frozen=True, slots=True)
class Guard:
    """What a policy asks for before a deployment."""

    policy: str
    what: str
    """In words: `an approval`."""
    hint: str
    """What to add where it is missing."""
    is_one: Callable[[Plan, Step], bool]


def check(plan: Plan, guard: Guard) -> Iterator[Diagnostic]:
    """Find each step that deploys without the guard, and each whose stage must be said; a matrix once."""
    yield from _pipeline(plan, "steps", guard, set())
    if plan.monitor is not None:
        read = {step for value in plan.monitor.values for step in value.source.steps}
        yield from _pipeline(plan.monitor.plan, "monitor.steps", guard, read)


@dataclass(slots=True)
class _Standing:
    """What stands above the steps of a pipeline, by step id."""

    guarded: set[str] = field(default_factory=set)
    """Guards, and steps for which one holds."""
    below: set[str] = field(default_factory=set)
    """Guards, and all that stands below one, whether or not it holds."""
    modelled: set[str] = field(default_factory=set)
    """Steps that make a model, and all that stands below one."""
    loose: dict[str, Step] = field(default_factory=dict)
    """Of a step that stands below a guard which does not hold: the one whose `run_if` lets it run all the same."""

    def note(self, plan: Plan, step: Step, guard: Guard) -> None:
        """Take in a step; those above it have been."""
        above = [name for name in step.upstream if name in self.guarded]
        is_one = guard.is_one(plan, step)
        if is_one or (above and step.run_if == "success"):
            self.guarded.add(step.id)
        elif above:
            self.loose[step.id] = step
        elif found := next((self.loose[name] for name in step.upstream if name in self.loose), None):
            self.loose[step.id] = found
        if is_one or not self.below.isdisjoint(step.upstream):
            self.below.add(step.id)
        if _makes(step, "model") or not self.modelled.isdisjoint(step.upstream):
            self.modelled.add(step.id)


def _pipeline(plan: Plan, section: str, guard: Guard, read: set[str]) -> Iterator[Diagnostic]:
    standing = _Standing()
    for step in plan.all_steps():
        standing.note(plan, step, guard)
    waited_for = read.union(*(step.upstream for step in plan.all_steps()))
    makes_models = any(_makes(step, "model") for step in plan.steps)
    seen: set[str] = set()
    for steps, place, final in ((plan.steps, section, False), (plan.finals, "finally", True)):
        for step in steps:
            if step.name in seen:
                continue
            seen.add(step.name)
            late = (final and makes_models) or any(name in standing.modelled for name in step.upstream)
            ends = not step.outputs and step.id not in waited_for
            if _is_asked(step, ends or _is_below(step, standing) or (late and not _makes(step, "model", "metrics"))):
                yield _unsaid(plan, step, guard, f"{place}.{step.name}")
            elif _deploys(step) and step.id not in standing.guarded:
                hint = _hint(step, guard, standing, final=final)
                message = f"`{step.name}` deploys without {guard.what}, which the policy `{guard.policy}` asks for"
                yield broken(message, step.span, hint, f"{place}.{step.name}", plan)


def _deploys(step: Step) -> bool:
    return step.stage == "service" and not isinstance(step.body, (Gate, Approval))


def _is_asked(step: Step, it_matters: bool) -> bool:
    return it_matters and not step.stage_given and isinstance(step.body, (Shell, Call))


def _is_below(step: Step, standing: _Standing) -> bool:
    return not standing.below.isdisjoint(step.upstream)


def _makes(step: Step, *kinds: str) -> bool:
    return any(output.type in kinds for output in step.outputs)


def _hint(step: Step, guard: Guard, standing: _Standing, *, final: bool) -> str:
    if step.id in standing.loose:
        loose = standing.loose[step.id]
        whose = "it" if loose is step else f"`{loose.name}`"
        return f"remove `run_if: {loose.run_if}`, by which {whose} runs whatever comes of what is above"
    return "move it to `steps`: `finally` steps run whatever has happened" if final else guard.hint


def _unsaid(plan: Plan, step: Step, guard: Guard, path: str) -> Diagnostic:
    return Diagnostic(
        "MLS605",
        f"`{step.name}` does not say its stage, and the policy `{guard.policy}` depends on whether it deploys",
        step.span or Span(plan.spec_file, 1, 1, 1, 1),
        hint="write `stage: service` if it deploys, else `stage: data` or `stage: model`",
        path=path,
    )
