"""The Python variables, and task ids, of the generated file.

In: a `Plan`. Out: a name for each task or group of tasks, all different. Owns which steps have a task that stands for all
their instances; never knows what a task does. Change it when a step becomes more tasks, or the file uses another name itself.
"""

from __future__ import annotations

import keyword

from mlspec.plan.model import Plan, Step

_FUNCTIONS = (
    "always_process",
    "answer_process",
    "answered",
    "for_each",
    "for_rows",
    "items_process",
    "quoted",
    "step_process",
)
_MEMBERS = ("answer", "each", "items", "question", "ready")
_IMPORTS = ("json", "k8s", "literal", "os", "pendulum", "shlex", "timedelta")
_BUILT_IN = ("enumerate", "list", "str", "super")
_TAKEN = frozenset({*keyword.kwlist, *keyword.softkwlist, *_FUNCTIONS, *_MEMBERS, *_IMPORTS, *_BUILT_IN, "dag"})
"""Names that the generated file uses itself: a task of that name gets a variable of another."""


class Variables:
    """The Python variables of the generated file; `steps` is the one for the list of all steps."""

    def __init__(self, plan: Plan) -> None:
        slugs = {name for step in plan.all_steps() for name in (step.slug, step.name)}
        self._used = slugs
        self._names = {slug: self._free(slug) if slug in _TAKEN else slug for slug in sorted(slugs)}
        self.steps = self._free("steps")
        self._ends = {step.name: self._names[step.name] for step in plan.steps if step.instance is not None}
        self._ends |= {step.name: self._free(f"{step.name}__all") for step in plan.finals if together(step)}

    def of(self, slug: str) -> str:
        """The variable of a step's own task or group."""
        return self._names[slug]

    def end(self, step: Step) -> str:
        """The variable of the task or group that those wait for who need the step."""
        return self._ends.get(step.name) or self._names[step.slug]

    def _free(self, name: str) -> str:
        while name in _TAKEN or name in self._used:
            name += "_"
        return name


def together(step: Step) -> bool:
    """Whether a task must stand for all instances of the step: some may be skipped, or there may be none."""
    return step.foreach is not None or (step.instance is not None and step.when is not None)
