"""Which step comes next.

In: steps in topological order and, one by one, how they ended. Out: tasks that may start, and steps that never will.
Owns the order of starting and the bound on parallel instances; never starts anything and never reads a file.
Change it when something other than upstream, order and `parallel` decides what starts.
"""

from __future__ import annotations

import heapq
from collections import ChainMap, Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlspec.engine.states import fan_in, kept_back, paired_verdict, seen_by, verdict
from mlspec.ir.bodies import Approval
from mlspec.ir.groups import upstream_groups
from mlspec.ir.model import Step
from mlspec.terms import StepStatus


@dataclass(frozen=True, slots=True)
class Task:
    """A step to start, or one instance of a `foreach` step (`index`)."""

    step: str
    index: int | None = None

    def __str__(self) -> str:
        return self.step if self.index is None else f"{self.step}[{self.index}]"


Entry = tuple[int, int, Task]


class Frontier:
    """The moving edge between steps that have ended and steps that wait.

    `states` has every ended step. `decided` collects, in order, what was skipped or blocked without a start; the caller
    empties it. A step of `steps` that is in `settled` counts as ended in that state, and its instances, which it has by `foreach`,
    in those of `instances`. An upstream that is not in `steps` is taken to have succeeded.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        stop: bool,
        settled: Mapping[str, StepStatus] | None = None,
        instances: Mapping[str, list[StepStatus]] | None = None,
    ) -> None:
        self.instances: dict[str, list[StepStatus]] = {}
        self._known = ChainMap(self.instances, dict(instances or {}))
        self.decided: deque[tuple[Task, StepStatus]] = deque()
        self.stopped = False
        self._stop = stop
        self._steps = {step.id: step for step in steps}
        self.states: dict[str, StepStatus] = {key: state for key, state in (settled or {}).items() if key in self._steps}
        self._order = {step.id: number for number, step in enumerate(steps)}
        self._groups = {step.id: upstream_groups(step, self._steps) for step in steps}
        self._below: dict[str, list[str]] = defaultdict(list)
        self._missing: dict[str, int] = {}
        self._ready: list[Entry] = []
        self._approvals: list[Entry] = []
        self._held: dict[str, list[Entry]] = defaultdict(list)
        self._running: Counter[str] = Counter()
        for step in steps:
            above = [step_id for group in self._groups[step.id] for step_id in group if step_id not in self.states]
            self._missing[step.id] = len(above)
            for step_id in above:
                self._below[step_id].append(step.id)
        for step in steps:
            if step.id not in self.states and not self._missing[step.id]:
                self._cascade(self._reached(step.id))

    @property
    def ended(self) -> bool:
        """Whether every step has ended."""
        return len(self.states) == len(self._steps)

    def take(self, *, approval: bool = False) -> Task | None:
        """Return the next task that may start now, or None. Approvals are asked for apart: they use no processor.

        The task of a `foreach` step is taken once, without an index; the caller reads the list and calls `expand`.
        """
        heap = self._approvals if approval else self._ready
        while heap:
            entry = heapq.heappop(heap)
            step = self._steps[entry[2].step]
            if step.foreach is not None and entry[2].index is None:
                return entry[2]
            bound = step.parallel if step.foreach is None else step.foreach.parallel
            if bound is not None and self._running[step.name] >= bound:
                heapq.heappush(self._held[step.name], entry)
                continue
            self._running[step.name] += 1
            return entry[2]
        return None

    def expand(self, step_id: str, count: int) -> None:
        """Put the `count` instances of a taken `foreach` step in line; none at all means that it has succeeded.

        One whose partners do not let it start has ended.
        """
        self.instances[step_id] = ["pending"] * count
        ended: list[tuple[str, StepStatus]] = [] if count else [(step_id, "succeeded")]
        for index in range(count):
            task = Task(step_id, index)
            decided = paired_verdict(self._steps[step_id], index, self._known)
            if decided == "start":
                self._enqueue(task)
            else:
                self.decided.append((task, decided))
                ended += self._concluded(task, decided)
        self._cascade(ended)
        if self.stopped:
            self._cascade(self._drained())

    def settle(self, task: Task, state: StepStatus) -> None:
        """Say how a taken task ended."""
        step = self._steps[task.step]
        if step.foreach is None or task.index is not None:
            self._running[step.name] -= 1
            if held := self._held[step.name]:
                heapq.heappush(self._heap(step), heapq.heappop(held))
        ended = self._concluded(task, state)
        if state == "failed" and self._stop and not self.stopped:
            self.stopped = True
            ended += self._drained()
        self._cascade(ended)

    def _concluded(self, task: Task, state: StepStatus) -> list[tuple[str, StepStatus]]:
        """Note the end of a task; return its step when that has ended with it."""
        if task.index is None:
            return [(task.step, state)]
        states = self.instances[task.step]
        states[task.index] = state
        return [] if "pending" in states else [(task.step, fan_in(states))]

    def _cascade(self, ended: list[tuple[str, StepStatus]]) -> None:
        """Spread the end of steps to all that hangs on them; iterative, for chains of any length."""
        todo = deque(ended)
        while todo:
            step_id, state = todo.popleft()
            self.states[step_id] = state
            for below in self._below[step_id]:
                self._missing[below] -= 1
                if not self._missing[below]:
                    todo.extend(self._reached(below))

    def _reached(self, step_id: str) -> list[tuple[str, StepStatus]]:
        """Put a step whose upstream has ended in line, or return how it ended without a start."""
        step = self._steps[step_id]
        upstream = [seen_by(step, group, self.states, self._known) for group in self._groups[step_id]]
        if verdict(step.run_if, upstream, stopped=False) != "start" and (states := kept_back(step, self._known, upstream)):
            self.instances[step_id] = states
            self.decided.extend((Task(step_id, index), state) for index, state in enumerate(states))
            return [(step_id, fan_in(states))]
        decided = verdict(step.run_if, upstream, stopped=self.stopped)
        if decided == "start":
            self._enqueue(Task(step_id))
            return []
        self.decided.append((Task(step_id), decided))
        return [(step_id, decided)]

    def _drained(self) -> list[tuple[str, StepStatus]]:
        """Block all that was in line when the run stopped, in order; return the steps that have ended with it."""
        heaps = [self._ready, self._approvals, *self._held.values()]
        waiting = sorted((entry[:2], entry[2]) for heap in heaps for entry in heap)
        for heap in heaps:
            heap.clear()
        self.decided.extend((task, "blocked") for _, task in waiting)
        return [ended for _, task in waiting for ended in self._concluded(task, "blocked")]

    def _enqueue(self, task: Task) -> None:
        entry = (self._order[task.step], task.index or 0, task)
        heapq.heappush(self._heap(self._steps[task.step]), entry)

    def _heap(self, step: Step) -> list[Entry]:
        return self._approvals if isinstance(step.body, Approval) else self._ready
