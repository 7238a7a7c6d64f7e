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

from collections.abc import Sequence
from dataclasses import replace
from operator import is_

from mlspec.ir.bodies import Approval, Gate
from mlspec.ir.model import Plan


def rewrite(plan: Plan) -> Plan:
    """Fill `Step.image`; the plan itself where every step has the right one."""
    images = {name: environment.image for name, environment in plan.environments.items() if environment.image}
    steps = plan.all_steps()
    found = [images.get(step.environment or step.image_environment or "") for step in steps]
    if images and None in found:
        found = _inherited(plan, found, images.get(plan.default_environment or ""))
    made = [step if step.image == image else step.changed(image=image) for step, image in zip(steps, found, strict=True)]
    if all(map(is_, made, steps)):
        return plan
    finals = len(plan.steps)
    return replace(plan, steps=tuple(made[:finals]), finals=tuple(made[finals:]))


def _inherited(plan: Plan, own: Sequence[str | None], default: str | None) -> list[str | None]:
    """The images of all steps, those of gates and approvals included that name no environment with an image."""
    steps = plan.all_steps()
    lacking = [image is None and isinstance(step.body, (Gate, Approval)) for step, image in zip(steps, own, strict=True)]
    if default is not None or not any(lacking):
        return [default if lacks else image for lacks, image in zip(lacking, own, strict=True)]
    first = next((image for image in own if image), None)
    nearest = _nearest(plan, own)
    return [nearest[step.id][1] or first if lacks else image for step, lacks, image in zip(steps, lacking, own, strict=True)]


def _nearest(plan: Plan, own: Sequence[str | None]) -> dict[str, tuple[int, str | None]]:
    """How many steps above each step the nearest image is, and which; in one walk down the plan."""
    far = len(own) + 1
    nearest: dict[str, tuple[int, str | None]] = {}
    for step, image in zip(plan.all_steps(), own, strict=True):
        if image:
            nearest[step.id] = (0, image)
        else:
            above = min((nearest[name] for name in step.upstream), key=lambda found: found[0], default=(far, None))
            nearest[step.id] = (above[0] + 1, above[1])
    return nearest
