from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlspec.plan.model import Step
from mlspec.targets.jenkins.levels import Level, levels_of
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
    assert not any(chain.waits_for_more for level in levels for chain in level.chains)


def test_who_waits_for_more_than_it_needs_says_so() -> None:
    levels = levels_of([step("a"), step("b"), step("c", "true", "a", "b"), step("d", "true", "b")])
    assert names(levels) == [[["a"], ["b"]], [["c"], ["d"]]]
    assert [chain.waits_for_more for chain in levels[1].chains] == [False, True]


def test_nothing_makes_no_level() -> None:
    assert levels_of([]) == []


@st.composite
def graphs(draw: st.DrawFn) -> list[Step]:
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 25))):
        above = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        steps.append(step(f"s{number}", "true", *(f"s{other}" for other in above)))
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
