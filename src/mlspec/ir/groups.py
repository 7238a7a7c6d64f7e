"""What of a step's upstream counts as one.

In: a step, and the steps of its plan. Out: groups of ids. Owns the rule that all instances of a step count as one unless the step
says otherwise; what a group comes to, `engine.states` knows. Change it when steps can hang on others in another way.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.ir.model import Plan, Step


def upstream_groups(step: Step, steps: Mapping[str, Step]) -> tuple[tuple[str, ...], ...]:
    """Return the direct upstream of `step`, what counts as one together; ids that `steps` lacks are left out."""
    if step.groups:
        kept = (tuple([step_id for step_id in group if step_id in steps]) for group in step.groups)
        return tuple([group for group in kept if group])
    groups: dict[str, list[str]] = {}
    for step_id in step.upstream:
        if step_id in steps:
            groups.setdefault(steps[step_id].name, []).append(step_id)
    return tuple(tuple(group) for group in groups.values())


def is_whole(group: tuple[str, ...], steps: Mapping[str, Step]) -> bool:
    """Whether a group is a step with all of its instances, or a step that has none."""
    first = steps[group[0]]
    if first.instance is None:
        return len(group) == 1
    return len(group) == sum(step.name == first.name for step in steps.values())


def skips_apart(step: Step, plan: Plan) -> bool:
    """Whether some instances of a step can be skipped while others run: by a `when`, or by what they are paired with."""
    steps = {one.name: one for one in plan.all_steps()} if step.pairs else {}
    todo, seen = [step], {step.name}
    while todo:
        one = todo.pop()
        if one.when is not None:
            return True
        todo += [steps[name] for name in one.pairs if name not in seen]
        seen.update(one.pairs)
    return False


def hangs_on_any(step: Step, plan: Plan) -> bool:
    """Whether one of several steps is enough for it somewhere."""
    return any(not is_whole(group, plan.by_id) and len(group) > 1 for group in step.groups)
