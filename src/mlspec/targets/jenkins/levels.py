"""A graph as what declarative Jenkins can say: one sequence whose elements are a chain or a set of parallel chains.

In: steps in topological order. Out: levels of chains. Owns the merging of chains, the bound on a matrix' instances and the
search for barriers that the shape adds to the graph; never emits.
Change it when declarative pipelines learn more than one level of parallelism.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from mlspec.ir.model import Step

NAMED = 3
"""How many of the steps are named that a chain waits for without need."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps that run one after the other: each is all that the next one waits for, or they are instances of a matrix that
    take turns because only so many may run at once.
    """

    steps: tuple[Step, ...]
    also_after: tuple[str, ...] = ()
    """The last steps of chains in the level before that this one does not need: a barrier that only the shape adds. The first
    few of them: in a wide graph each chain would have nearly all.
    """
    more: int = 0
    """How many such chains there are beside those."""


@dataclass(frozen=True, slots=True)
class Level:
    """Chains that start together, once all of the level before has ended."""

    chains: tuple[Chain, ...]


def levels_of(steps: Sequence[Step]) -> list[Level]:
    """Arrange steps in levels, each chain as early as what it needs allows, in the order of the plan.

    Only upstream ids that are among `steps` count. O(steps + edges).
    """
    known = {step.id for step in steps}
    readers = Counter(upstream for step in steps for upstream in step.upstream if upstream in known)
    chains: list[list[Step]] = []
    chain_of: dict[str, int] = {}
    level_of: list[int] = []
    needs: list[set[int]] = []
    turns: dict[tuple[str, int], str] = {}
    for step in steps:
        upstream = [name for name in step.upstream if name in known]
        turn = _turn(step)
        alone = len(upstream) == 1 and readers[upstream[0]] == 1 and not (turn and step.each)
        before = upstream[0] if alone else turns.get(turn) if turn else None
        if before is not None:
            chain = chain_of[before]
            chains[chain].append(step)
            if not alone:  # who takes turns with partners of others waits for these, too: nobody has read the chain yet
                needs[chain] |= {chain_of[name] for name in upstream} - {chain}
                level_of[chain] = 1 + max((level_of[need] for need in needs[chain]), default=-1)
        else:
            chain = len(chains)
            chains.append([step])
            needs.append({chain_of[name] for name in upstream})
            level_of.append(1 + max((level_of[need] for need in needs[chain]), default=-1))
        chain_of[step.id] = chain
        if turn:
            turns[turn] = step.id
    members: list[list[int]] = [[] for _ in range(max(level_of, default=-1) + 1)]
    for chain, level in enumerate(level_of):
        members[level].append(chain)
    return [
        Level(tuple(_chain(chains, members[level - 1] if level else [], needs[chain], chain) for chain in members[level]))
        for level in range(len(members))
    ]


def _chain(chains: Sequence[Sequence[Step]], before: Sequence[int], needs: set[int], chain: int) -> Chain:
    """`before` are the chains of the level before, in order; `needs` may hold chains of others, too."""
    named = list(islice((other for other in before if other not in needs), NAMED))
    more = len(before) - sum(_within(before, need) for need in needs) - len(named)
    return Chain(tuple(chains[chain]), tuple(chains[other][-1].id for other in named), more)


def _within(chains: Sequence[int], chain: int) -> bool:
    """Whether `chain` is among `chains`, which are in order."""
    place = bisect_left(chains, chain)
    return place < len(chains) and chains[place] == chain


def barriers_of(levels: Sequence[Level]) -> dict[str, str]:
    """By the first step of a chain, in order, what it also waits for: `left, right and 3 others`."""
    found = {}
    for level in levels:
        for chain in level.chains:
            if chain.also_after:
                others = f" and {chain.more} other{'s' if chain.more > 1 else ''}" if chain.more else ""
                found[chain.steps[0].id] = ", ".join(chain.also_after) + others
    return found


def _turn(step: Step) -> tuple[str, int] | None:
    """Which of the bounded number of places of its matrix an instance takes; None where nothing is bounded.

    All instances stand in one level: behind all that any of them needs.
    """
    if step.instance is None or step.parallel is None:
        return None
    return step.name, step.instance.index % step.parallel
