from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.ir.bodies import Instance
from mlspec.ir.model import Step
from mlspec.targets.jenkins.levels import NAMED, Level, barriers_of, levels_of
from tests.targets.jenkins.plans import step


def names(levels: list[Level]) -> list[list[list[str]]]:
    return [[[member.id for member in chain.steps] for chain in level.chains] for level in levels]


def test_a_chain_is_one_level() -> None:
    assert names(levels_of([step("a"), step("b", "true", "a"), step("c", "true", "b")])) == [[["a", "b", "c"]]]


def test_a_diamond_with_uneven_arms_needs_no_barrier() -> None:
    levels = levels_of(
        [step("a"), step("b", "true", "a"), step("c", "true", "b"), step("d", "true", "a"), step("e", "true", "c", "d")]
    )
    assert names(levels) == [[["a"]], [["b", "c"], ["d"]], [["e"]]]
    assert barriers_of(levels) == {}


def test_who_waits_for_more_than_it_needs_says_so() -> None:
    levels = levels_of([step("a"), step("b"), step("c", "true", "a", "b"), step("d", "true", "b")])
    assert names(levels) == [[["a"], ["b"]], [["c"], ["d"]]]
    assert barriers_of(levels) == {"d": "a"}


@pytest.mark.parametrize(
    ("names", "said"), [("abcde", "c, d, e"), ("abcdef", "c, d, e and 1 other"), ("abcdefghi", "c, d, e and 4 others")]
)
def test_of_many_the_first_are_named_and_the_others_counted(names: str, said: str) -> None:
    many = [step(name) for name in names]
    assert barriers_of(levels_of([*many, step("x", "true", "a", "b"), step("y", "true", *names)])) == {"x": said}


def test_nothing_makes_no_level() -> None:
    assert levels_of([]) == []


@st.composite
def graphs(draw: st.DrawFn, size: int = 25) -> list[Step]:
    """Steps in topological order, some of them the instances of a matrix, which whoever reads one reads all."""
    steps: list[Step] = []
    groups: list[list[str]] = []
    for number in range(draw(st.integers(1, size))):
        chosen = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        upstream = tuple(name for other in chosen for name in groups[other])
        one = step(f"s{number}", "true", *upstream)
        count = draw(st.sampled_from([0, 0, 0, 1, 2, 5]))
        bound = draw(st.one_of(st.none(), st.integers(1, 3)))
        made = [
            replace(one, id=f"s{number}[n={n}]", slug=f"s{number}__{n}", instance=Instance(n, (("n", n),)), parallel=bound)
            for n in range(count)
        ] or [one]
        steps += made
        groups.append([each.id for each in made])
    return steps


@given(graphs())
def test_every_step_stands_once_after_all_it_needs(steps: list[Step]) -> None:
    ended: set[str] = set()
    for level in levels_of(steps):
        alongside: set[str] = set()
        for chain in level.chains:
            inside = set(ended)
            for member in chain.steps:
                assert set(member.upstream) <= inside
                inside.add(member.id)
            alongside |= inside - ended
        assert len(alongside) == sum(len(chain.steps) for chain in level.chains)
        ended |= alongside
    assert ended == {member.id for member in steps}


@given(graphs())
def test_a_barrier_is_told_of_where_a_chain_starts_later_than_it_must(steps: list[Step]) -> None:
    levels = levels_of(steps)
    for before, level in pairwise(levels):
        for chain in level.chains:
            needed = set(chain.steps[0].upstream)
            untouched = [other for other in before.chains if needed.isdisjoint(member.id for member in other.steps)]
            assert list(chain.also_after) == [other.steps[-1].id for other in untouched[:NAMED]]
            assert chain.more == len(untouched) - len(chain.also_after)
    assert not any(chain.also_after or chain.more for chain in levels[0].chains)


@given(graphs())
def test_no_more_chains_hold_instances_than_may_run_at_once(steps: list[Step]) -> None:
    for level in levels_of(steps):
        places = Counter(name for chain in level.chains for name in {member.name for member in chain.steps if member.parallel})
        for chain in level.chains:
            for member in chain.steps:
                assert member.parallel is None or member.instance is None or places[member.name] <= member.parallel
