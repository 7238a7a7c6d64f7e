"""The order of starting: every graph ends, as one worker or as many, and never in another state than the rules say."""

from __future__ import annotations

import random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.engine.frontier import Frontier, Task
from mlspec.engine.states import derive
from mlspec.ir.bodies import Approval, Instance, Shell
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.terms import StepStatus


def step(name: str, *upstream: str, parallel: int | None = None, instance: int | None = None) -> Step:
    values = None if instance is None else Instance(instance, (("k", instance),))
    step_id = name if instance is None else f"{name}[k={instance}]"
    return Step(step_id, name, step_id, Shell("true"), upstream=upstream, instance=values, parallel=parallel)


def take_all(frontier: Frontier) -> list[str]:
    found = []
    while (task := frontier.take()) is not None:
        found.append(str(task))
    return found


def test_a_diamond_starts_both_sides_at_once_and_the_join_last() -> None:
    frontier = Frontier([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")], stop=True)
    assert take_all(frontier) == ["a"]
    frontier.settle(Task("a"), "succeeded")
    assert take_all(frontier) == ["b", "c"]
    frontier.settle(Task("c"), "succeeded")
    assert take_all(frontier) == []
    frontier.settle(Task("b"), "succeeded")
    assert take_all(frontier) == ["d"]
    frontier.settle(Task("d"), "succeeded")
    assert frontier.ended


def test_a_failure_under_stop_blocks_what_is_in_line_and_spares_what_runs() -> None:
    frontier = Frontier([step("a"), step("b"), step("c"), step("d", "b"), step("e", "c")], stop=True)
    assert [str(frontier.take()), str(frontier.take())] == ["a", "b"]
    frontier.settle(Task("a"), "failed")
    assert frontier.take() is None
    assert not frontier.ended
    frontier.settle(Task("b"), "succeeded")
    assert frontier.ended
    assert frontier.states == {"a": "failed", "b": "succeeded", "c": "blocked", "d": "blocked", "e": "blocked"}
    assert [str(task) for task, _ in frontier.decided] == ["c", "e", "d"]


def test_a_failure_under_continue_blocks_only_what_hangs_on_it() -> None:
    frontier = Frontier([step("a"), step("b"), step("c", "a"), step("d", "b")], stop=False)
    assert take_all(frontier) == ["a", "b"]
    frontier.settle(Task("a"), "failed")
    frontier.settle(Task("b"), "succeeded")
    assert take_all(frontier) == ["d"]
    assert frontier.states["c"] == "blocked"


def test_parallel_bounds_the_instances_of_one_matrix() -> None:
    frontier = Frontier([*(step("m", instance=n, parallel=2) for n in range(4)), step("other")], stop=True)
    assert take_all(frontier) == ["m[k=0]", "m[k=1]", "other"]
    frontier.settle(Task("m[k=1]"), "succeeded")
    assert take_all(frontier) == ["m[k=2]"]


def test_approvals_are_in_a_line_of_their_own() -> None:
    asked = Step("ask", "ask", "ask", Approval("Sure?"))
    frontier = Frontier([asked, step("a")], stop=True)
    assert take_all(frontier) == ["a"]
    assert frontier.take(approval=True) == Task("ask")


def test_a_foreach_expands_within_its_bound_and_ends_with_its_last_instance() -> None:
    work = Step("work", "work", "work", Shell("true"), foreach=ForEach(None, (), (1, 2, 3), parallel=2))
    frontier = Frontier([work, step("join", "work")], stop=True)
    assert frontier.take() == Task("work")
    frontier.expand("work", 3)
    assert take_all(frontier) == ["work[0]", "work[1]"]
    frontier.settle(Task("work", 1), "skipped")
    frontier.settle(Task("work", 0), "succeeded")
    assert take_all(frontier) == ["work[2]"]
    frontier.settle(Task("work", 2), "succeeded")
    assert frontier.states["work"] == "succeeded"
    assert take_all(frontier) == ["join"]


@pytest.mark.parametrize(("stop", "last"), [(True, "blocked"), (False, "succeeded")])
def test_a_failed_instance_of_a_foreach(stop: bool, last: StepStatus) -> None:
    work = Step("work", "work", "work", Shell("true"), foreach=ForEach(None, (), (1, 2), parallel=1))
    frontier = Frontier([work, step("join", "work")], stop=stop)
    frontier.take()
    frontier.expand("work", 2)
    assert take_all(frontier) == ["work[0]"]
    frontier.settle(Task("work", 0), "failed")
    if not stop:
        assert take_all(frontier) == ["work[1]"]
        frontier.settle(Task("work", 1), "succeeded")
    assert frontier.instances["work"] == ["failed", last]
    assert frontier.states == {"work": "failed", "join": "blocked"}


def test_an_empty_foreach_succeeds() -> None:
    work = Step("work", "work", "work", Shell("true"), foreach=ForEach(None, ()))
    frontier = Frontier([work, step("join", "work")], stop=True)
    frontier.take()
    frontier.expand("work", 0)
    assert take_all(frontier) == ["join"]


def test_settled_steps_are_not_started_again() -> None:
    frontier = Frontier([step("a"), step("b", "a"), step("c", "b")], stop=True, settled={"a": "succeeded", "b": "skipped"})
    assert frontier.ended
    assert frontier.states["c"] == "skipped"


def test_a_chain_of_ten_thousand_skips_without_recursion() -> None:
    chain = [step("s0"), *(step(f"s{n}", f"s{n - 1}") for n in range(1, 10_000))]
    frontier = Frontier(chain, stop=True)
    frontier.take()
    frontier.settle(Task("s0"), "skipped")
    assert frontier.ended
    assert set(frontier.states.values()) == {"skipped"}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Step], dict[str, StepStatus], Literal["stop", "continue"]]:
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 12))):
        above = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        steps.append(step(f"s{number}", *(f"s{n}" for n in sorted(above))))
    ends = {item.id: draw(st.sampled_from(["succeeded", "succeeded", "failed", "skipped"])) for item in steps}
    return steps, ends, draw(st.sampled_from(["stop", "continue"]))


@given(graphs(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_every_run_ends_in_the_states_that_its_records_tell(
    graph: tuple[list[Step], dict[str, StepStatus], Literal["stop", "continue"]], jobs: int, dice: random.Random
) -> None:
    """Whatever ends first and however many run at once, reading the run back gives the states it had."""
    steps, ends, on_failure = graph
    frontier = Frontier(steps, stop=on_failure == "stop")
    running: list[Task] = []
    recorded: dict[str, StepStatus] = {}
    while not frontier.ended:
        while len(running) < jobs and (task := frontier.take()) is not None:
            assert all(
                frontier.states[key] == "succeeded" for step_ in steps if step_.id == task.step for key in step_.upstream
            )
            assert not frontier.stopped
            running.append(task)
        task = running.pop(dice.randrange(len(running)))
        recorded[task.step] = ends[task.step]
        frontier.settle(task, ends[task.step])
    assert not running
    plan = Plan("l", "mlspec.yaml", "sha256:0", tuple(steps), on_failure=on_failure)
    assert frontier.states == derive(plan, recorded)
    decided = {task.step: state for task, state in frontier.decided}
    assert {**recorded, **decided} == frontier.states
    if on_failure == "continue":
        alone = Frontier(steps, stop=False)
        while not alone.ended and (task := alone.take()) is not None:
            alone.settle(task, ends[task.step])
        assert alone.states == frontier.states, "the outcome hangs on timing"
