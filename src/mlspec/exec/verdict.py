"""What a run has come to, by its records: whether every step that should have run has ended well.

In: the records of a run, and its steps with what each waits for, as an orchestrator knows them. Out: what has not ended well, or
has read what was made anew since. Owns which missing records mean that a step should have run and did not; never asks an
orchestrator, whose states people can set.
Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from mlspec.errors import DamagedError, UsageError
from mlspec.store import lineage
from mlspec.store.ending import Ending
from mlspec.store.layout import place_of
from mlspec.store.records import Records

STEPS = "MLSPEC_STEPS"
FINALS = "MLSPEC_FINALS"
"""The variables that say what should have run: a line for each task, with those it waits for."""

State: TypeAlias = Literal["succeeded", "failed", "skipped", "missing"]
_COUNT, _WHATEVER, _ONE = "*", "!", "|"


class Awaited(NamedTuple):
    """A step that should have run. `instances` is how many it has, where that is known; `anyway`: also after skipped ones."""

    name: str
    instances: int | None = None
    above: frozenset[str] = frozenset()
    anyway: bool = False

    @property
    def waits_for(self) -> frozenset[str]:
        """The names of the steps right above it."""
        return frozenset(one.partition("/")[0] for group in self.above for one in group.split(_ONE))


class Verdict:
    """What a run has come to. Without the list of its steps, that is whether any has failed."""

    def __init__(self, records: Records, steps: Sequence[Awaited] | None = None, finals: Sequence[Awaited] = ()) -> None:
        """`steps` and `finals` come in an order in which each has what it waits for before it."""
        self._records = records
        self._steps = steps
        self._finals = finals

    @staticmethod
    def from_environment(records: Records) -> Verdict:
        """One of a run whose orchestrator says what should have run; the body of a step does not inherit that. Raises `UsageError`."""
        return Verdict(records, _from_environment(STEPS), _from_environment(FINALS) or ())

    def knows_what_should_have_run(self) -> bool:
        """Whether there is a list of steps, without which a run of which nothing is left looks well."""
        return self._steps is not None

    def failed(self, *, over: bool) -> bool:
        """Whether a step has failed, `finally` steps aside, or when all are `over` has not run although it should have."""
        if self._steps is not None:
            return bool(self._problems(self._steps, finals=False))
        return bool(self._records.failed(over=over))

    def problems(self) -> list[str]:
        """Everything that has not ended well, `finally` steps too, now that all is over: a sentence each."""
        return [
            *self._problems(self._steps or (), finals=False),
            *self._problems(self._finals, finals=True),
        ]

    def settle(self) -> None:
        """Record as failed what has vanished, now that all is over: nobody starts it again."""
        for name in self._records.vanished(over=True):
            step, index = place_of(name)
            mark, ending = self._records.started(step, index), Ending()
            ending.attempts, ending.error = (mark.attempts if mark else 1), "its process has vanished"
            self._records.end(step, index, index, ending)

    def states(self, needed: Iterable[str]) -> set[State]:
        """The states of `finally` steps that another one needs, each perhaps with `*` and the number of its instances."""
        return {_state(self._records, *_counted(name), failed=frozenset()) for name in needed}

    def _problems(self, steps: Sequence[Awaited], *, finals: bool) -> list[str]:
        failed = frozenset() if finals else frozenset(name.partition(".")[0] for name in self._records.failed(over=True))
        known: dict[str, State] = {}
        for step in steps:
            state = _state(self._records, step.name, step.instances, failed=failed)
            above = {_above(self._records, known, group) for group in step.above}
            skipped, kept_back = not step.anyway and "skipped" in above, not above.isdisjoint(("failed", "missing"))
            known[step.name] = "skipped" if state == "missing" and skipped and not kept_back else state
        words = {"failed": "has failed", "missing": "has not run"}
        listed = [f"step {name} {words[state]}" for name, state in known.items() if state in words]
        if not finals:
            graph = {step.name: step.waits_for for step in steps}
            listed += lineage.sentences(self._records.all(on_damage=lambda *_: None), graph)  # who has a damaged one has failed
        return [*listed, *(f"step {name} has failed" for name in sorted(failed - known.keys()))]


def awaited(text: str) -> dict[str, Awaited]:
    """The steps of a run, by name. A line has a task, `step` or `step.part`, and those that it waits for. `*COUNT` behind its
    name says how many instances it has, as parts called `ready` (none so far), `each_0` and so on do, and `!` that it runs after
    skipped ones too. `train/0` waits for one instance alone, and `one|other` for several steps of which one is enough;
    `|` behind its name says that one of all that it waits for is. A line for `train/0` is of that instance.
    """
    found: dict[str, Awaited] = {}
    alternatives: set[str] = set()
    for line in filter(str.strip, text.splitlines()):
        task, *waits = line.split()
        one_of, task = task.endswith(_ONE), task.removesuffix(_ONE)
        anyway = task.endswith(_WHATEVER)
        name, count = _counted(task.removesuffix(_WHATEVER))
        name, _, part = name.partition(".")
        count = 0 if part == "ready" and name not in found else count
        each = part.removeprefix("each_")
        if part != each and each.isdigit():
            count = max(int(each) + 1, found[name].instances or 0) if name in found else int(each) + 1
        above = {one.partition(".")[0] for one in waits} - {name}
        known = found.get(name, Awaited(name))
        instances = None if part == "answer" else known.instances if count is None else count
        found[name] = Awaited(name, instances, known.above | above, known.anyway or anyway)
        alternatives |= {name} if one_of else set()
    for name in alternatives:
        found[name] = found[name]._replace(above=frozenset({_ONE.join(sorted(found[name].above))} if found[name].above else ()))
    return found


def _counted(text: str) -> tuple[str, int | None]:
    name, star, count = text.partition(_COUNT)
    return name, int(count) if star and count.isdigit() else None


def _from_environment(variable: str) -> list[Awaited] | None:
    """The steps that a variable lists, in order; None where it is not set."""
    text = os.environ.pop(variable, None)
    if not text:
        return None if text is None else []
    from graphlib import CycleError, TopologicalSorter

    steps = awaited(text)
    try:
        waits = {
            name: {part for group in step.above for one in group.split(_ONE) for part in (one, one.partition("/")[0])}
            for name, step in steps.items()
        }
        order = list(TopologicalSorter(waits).static_order())
    except CycleError:
        raise UsageError(f"{variable}: steps in it wait for one another") from None
    return [steps[name] for name in order if name in steps]


def _above(records: Records, known: Mapping[str, State], group: str) -> State | None:
    """What counts as one of what a step waits for; of several `failed` before `missing`, and `skipped` when all were."""
    states: set[State | None] = set()
    for one in group.split(_ONE):
        name, slash, index = one.partition("/")
        if one in known:
            states.add(known[one])
            continue
        record = records.read(name, int(index)) if slash and known.get(name) != "failed" else None
        states.add(known.get(name) if record is None else _known(record["status"]))
    for state in ("failed", "missing", "succeeded", "skipped"):
        if state in states:
            return _known(state)
    return None


def _state(records: Records, name: str, count: int | None, *, failed: frozenset[str]) -> State:
    """What a step has come to; of several instances `failed` before `missing`, and `skipped` when all were."""
    base, slash, index = name.partition("/")
    if base in failed:
        return "failed"
    try:
        if slash:
            alone = records.read(base, int(index))
            return _known(alone["status"]) if alone is not None else "missing"
        if (record := records.read(name)) is not None:
            return _known(record["status"])
        if count is None:
            items = records.items(name)
            count = len(items) if items is not None else None
        started = records.instances(name)
        if count is None and not started:
            return "missing"
        indices = range(max(count or 0, *(index + 1 for index in started), 0))
        found = [records.read(name, index) for index in indices]
    except DamagedError:
        return "failed"
    states = {_known(record["status"]) if record else "missing" for record in found}
    for state in ("failed", "missing", "succeeded", "skipped"):
        if state in states:
            return _known(state)
    return "succeeded"  # its list was empty


def _known(status: str) -> State:
    match status:
        case "succeeded" | "failed" | "skipped":
            return status
    return "missing"
