"""The image that each step runs in.

In: a plan. Out: the same with every `Step.image` filled. Owns the rule below, which holds on every target; never knows a target's own
options, which count only where this leaves None. Change it when a spec can say in another way what a step runs in.

A step runs in the image of its environment. A gate or an approval, which runs nothing of its own and needs no more than mlspec, runs
in the image of the first of these that has one:

1. the environment that it names itself;
2. the environment of `defaults`;
3. that of the nearest step above it; of several as near, the one it waits for first in the order of the plan;
4. that of the first step of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import is_

from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.model import Plan, Step


def rewrite(plan: Plan) -> Plan:
    """Fill `Step.image`; the plan itself where every step has the right one."""
    images = {name: environment.image for name, environment in plan.environments.items() if environment.image}
    found = {step.id: images.get(step.environment or step.image_environment or "") for step in plan.all_steps()}
    if images:
        found |= _inherited(plan, found, images.get(plan.default_environment or ""))
    steps, finals = _with_images(plan.steps, found), _with_images(plan.finals, found)
    return plan if steps is plan.steps and finals is plan.finals else replace(plan, steps=steps, finals=finals)


def _runs_nothing(step: Step) -> bool:
    return isinstance(step.body, (Gate, Approval))


def _inherited(plan: Plan, own: Mapping[str, str | None], default: str | None) -> dict[str, str | None]:
    """The images of gates and approvals that name no environment with an image."""
    without = [step.id for step in plan.all_steps() if _runs_nothing(step) and own[step.id] is None]
    if default is not None or not without:
        return dict.fromkeys(without, default)
    first = next((image for image in own.values() if image), None)
    nearest = _nearest(plan, own)
    return {step_id: nearest[step_id][1] or first for step_id in without}


def _nearest(plan: Plan, own: Mapping[str, str | None]) -> dict[str, tuple[int, str | None]]:
    """How many steps above each step the nearest image is, and which; in one walk down the plan."""
    far = len(own) + 1
    nearest: dict[str, tuple[int, str | None]] = {}
    for step in plan.all_steps():
        if image := own[step.id]:
            nearest[step.id] = (0, image)
        else:
            above = min((nearest[name] for name in step.upstream), key=lambda found: found[0], default=(far, None))
            nearest[step.id] = (above[0] + 1, above[1])
    return nearest


def _with_images(steps: tuple[Step, ...], images: Mapping[str, str | None]) -> tuple[Step, ...]:
    made = tuple([step if step.image == (image := images.get(step.id)) else step.changed(image=image) for step in steps])
    return steps if all(map(is_, made, steps)) else made
