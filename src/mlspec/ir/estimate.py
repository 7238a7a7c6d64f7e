"""How long a run of a plan takes, given how long each step does.

In: a plan, seconds of its steps, how many run at once; of a run in progress what is over and what runs. Out: an `Estimate`.
Owns how steps are laid out in time, as a run here starts them; never looks at a clock or a record.
Change it when runs start steps in another order.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step

_NONE: Mapping[str, float] = MappingProxyType({})


class Estimate(NamedTuple):
    """What is to be expected, in seconds."""

    seconds: float
    """Until all has ended."""
    path: tuple[str, ...]
    """The chain of steps that takes longest, of those that are not over."""
    path_seconds: float
    unknown: tuple[str, ...]
    """Steps of which nothing is known: they count as if they took no time."""


def estimate(
    plan: Plan, seconds: Mapping[str, float], jobs: int, over: Collection[str] = (), running: Mapping[str, float] = _NONE
) -> Estimate | None:
    """Estimate the rest of a run; None where nothing is known of any step that is left.

    `over` are the ids of steps for which nothing is to be done any more, `running` for how long others run already. People's answers
    take no time here.
    """
    left = {
        step.id: 0.0 if step.id in over else max(seconds.get(step.id, 0.0) - running.get(step.id, 0.0), 0.0)
        for step in plan.all_steps()
    }
    todo = [step for step in plan.all_steps() if step.id not in over]
    if not any(step.id in seconds for step in todo):
        return None
    unknown = tuple(step.id for step in todo if step.id not in seconds and not isinstance(step.body, Approval))
    first, last = (_chain(steps, left) for steps in (plan.steps, plan.finals))
    path = tuple(step_id for step_id in (*first, *last) if step_id not in over)
    ends = sum(_span(steps, left, jobs) for steps in (plan.steps, plan.finals))
    return Estimate(round(ends, 3), path, round(sum(left[step_id] for step_id in path), 3), unknown)


def _chain(steps: Sequence[Step], left: Mapping[str, float]) -> list[str]:
    """The chain that takes longest; of several the one that ends first in the order of the plan."""
    ends: dict[str, float] = {}
    before: dict[str, str] = {}
    for step in steps:
        above = max((one for one in step.upstream if one in ends), key=ends.__getitem__, default=None)
        ends[step.id] = left[step.id] + (ends[above] if above is not None else 0.0)
        if above is not None:
            before[step.id] = above
    chain = [max(ends, key=ends.__getitem__)] if ends else []
    while chain and chain[-1] in before:
        chain.append(before[chain[-1]])
    return chain[::-1]


def _span(steps: Sequence[Step], left: Mapping[str, float], jobs: int) -> float:
    """When the last one ends if each starts as soon as it may and one of `jobs` places is free, the first in the plan first."""
    rank = {step.id: number for number, step in enumerate(steps)}
    missing = {step.id: sum(above in rank for above in step.upstream) for step in steps}
    below: dict[str, list[str]] = {step.id: [] for step in steps}
    for step in steps:
        for above in step.upstream:
            if above in rank:
                below[above].append(step.id)
    now, ready = 0.0, [rank[step_id] for step_id, count in missing.items() if not count]
    heapq.heapify(ready)
    runs: list[tuple[float, int]] = []
    while ready or runs:
        ended: deque[str] = deque()
        while ready and len(runs) < jobs:
            step = steps[heapq.heappop(ready)]
            if left[step.id]:
                heapq.heappush(runs, (now + left[step.id], rank[step.id]))
            else:
                ended.append(step.id)
        if not ended:
            now, number = heapq.heappop(runs)
            ended.append(steps[number].id)
        for step_id in ended:
            for other in below[step_id]:
                missing[other] -= 1
                if not missing[other]:
                    heapq.heappush(ready, rank[other])
    return now
