"""The Python variables of the generated file.

In: a `Plan`. Out: a name for the task or group of tasks of each step, all different. Owns which names the file uses itself;
never knows what a task does.
Change it when the file uses another name itself.
"""

from __future__ import annotations

import keyword

from mlspec.ir.model import Plan
from mlspec.targets.airflow.functions import FUNCTIONS, QUOTED

_MEMBERS = ("answer", "each", "items", "question", "ready")
_IMPORTS = ("json", "k8s", "literal", "os", "pendulum", "shlex", "timedelta")
_BUILT_IN = ("enumerate", "list", "str", "super")
_TAKEN = frozenset({*keyword.kwlist, *keyword.softkwlist, QUOTED, *FUNCTIONS, *_MEMBERS, *_IMPORTS, *_BUILT_IN, "dag"})
"""Names that the generated file uses itself: a task of that name gets a variable of another."""


class Variables:
    """The Python variables of the generated file; `steps` is the one for the list of all steps, and the others are for what
    frames them."""

    def __init__(self, plan: Plan) -> None:
        self._used = {step.name for step in plan.all_steps()}
        self._names = {name: self._free(name) if name in _TAKEN else name for name in sorted(self._used)}
        self.steps = self._free("steps")
        self.begin = self._free("begin")
        self.last = self._free("last")
        self.verdict = self._free("verdict")

    def of(self, name: str) -> str:
        """The variable of a step's task or group, for which those wait that need the step."""
        return self._names[name]

    def _free(self, name: str) -> str:
        while name in _TAKEN or name in self._used:
            name += "_"
        return name
