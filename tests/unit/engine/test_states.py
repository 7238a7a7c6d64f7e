"""The meaning of skipped, blocked, `run_if` and `on_failure`, as a table and as laws over random graphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.engine.states import derive, fan_in, run_status, verdict
from mlspec.ir.bodies import Instance, Shell
from mlspec.ir.groups import upstream_groups
from mlspec.ir.model import Plan, Step
from mlspec.terms import RunIf, StepStatus

S, F, K, B = "succeeded", "failed", "skipped", "blocked"


def step(name: str, *upstream: str, run_if: RunIf = "success", instance: int | None = None) -> Step:
    values = None if instance is None else Instance(instance, (("k", instance),))
    step_id = name if instance is None else f"{name}[k={instance}]"
    return Step(step_id, name, step_id, Shell("true"), upstream=upstream, run_if=run_if, instance=values)


def plan(*steps: Step, finals: tuple[Step, ...] = (), on_failure: str = "stop") -> Plan:
    return Plan("l", "mlspec.yaml", "sha256:0", steps, finals=finals, on_failure=on_failure)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("upstream", "success", "failure", "always"),
    [
        ([], "start", K, "start"),
        ([S], "start", K, "start"),
        ([S, S], "start", K, "start"),
        ([K], K, K, "start"),
        ([S, K], K, K, "start"),
        ([F], B, "start", "start"),
        ([B], B, "start", "start"),
        ([S, F], B, "start", "start"),
        ([K, F], B, "start", "start"),
        ([B, K], B, "start", "start"),
    ],
)
def test_what_the_upstream_lets_a_step_do(upstream: list[StepStatus], success: str, failure: str, always: str) -> None:
    assert verdict("success", upstream, stopped=False) == success
    assert verdict("failure", upstream, stopped=False) == failure
    assert verdict("always", upstream, stopped=False) == always


@pytest.mark.parametrize(("upstream", "expected"), [([S], B), ([], B), ([K], K), ([S, K], K), ([F], B), ([K, B], B)], ids=str)
def test_a_stopped_run_holds_back_what_would_start_and_nothing_else(upstream: list[StepStatus], expected: str) -> None:
    assert verdict("success", upstream, stopped=True) == expected


@pytest.mark.parametrize(
    ("instances", "expected"),
    [([], S), ([S, S], S), ([S, K], S), ([K, K], K), ([S, F], F), ([K, B], B), ([B, F, S], F)],
    ids=str,
)
def test_a_fan_in(instances: list[StepStatus], expected: str) -> None:
    assert fan_in(instances) == expected


def test_instances_of_a_matrix_count_as_one_upstream() -> None:
    matrix = [step("train", instance=n) for n in range(3)]
    other, reader = step("other"), step("join", *(item.id for item in matrix), "other")
    steps = {item.id: item for item in (*matrix, other, reader)}
    assert upstream_groups(reader, steps) == (("train[k=0]", "train[k=1]", "train[k=2]"), ("other",))
    whole = plan(*matrix, other, reader, on_failure="continue")
    some_skipped = {"train[k=0]": K, "train[k=1]": S, "train[k=2]": K, "other": S}
    assert derive(whole, some_skipped)["join"] == "pending", "it may start: one instance has succeeded"
    assert derive(whole, {**some_skipped, "train[k=1]": K})["join"] == K
    assert derive(whole, {**some_skipped, "train[k=2]": F})["join"] == B


def test_steps_without_a_record_get_their_state_from_those_above() -> None:
    gate, deploy, after = step("gate"), step("deploy", "gate"), step("after", "deploy")
    bad, below, apart = step("bad"), step("below", "bad", "deploy"), step("apart", "quiet")
    quiet, final = step("quiet"), step("cleanup")
    whole = plan(gate, deploy, after, bad, below, quiet, apart, finals=(final,))
    states = derive(whole, {"gate": K, "bad": F, "quiet": S, "cleanup": S})
    assert states == {
        "gate": K,
        "deploy": K,
        "after": K,
        "bad": F,
        "below": B,  # blocked wins over skipped
        "quiet": S,
        "apart": B,  # independent, but the run had stopped
        "cleanup": S,
    }
    assert run_status(states.values()) == "failed"
    going_on = derive(plan(gate, deploy, after, bad, below, quiet, apart, on_failure="continue"), {"bad": F, "quiet": S})
    assert (going_on["apart"], going_on["gate"], going_on["deploy"]) == ("pending",) * 3
    assert run_status(going_on.values()) == "running"


def test_what_starts_nothing_may_have_ended_before_a_failure() -> None:
    whole = plan(step("none"), step("below", "none"), step("bad", "below"), step("last", "bad"))
    states = derive(whole, {"below": S, "bad": F}, {"none", "last"})
    assert (states["none"], states["last"]) == (S, B)


def test_finals_do_not_hang_on_the_steps_but_on_each_other() -> None:
    first, second = step("first"), step("second", "first")
    states = derive(plan(step("a"), finals=(first, second)), {"a": F, "first": F})
    assert states["second"] == B
    assert derive(plan(step("a"), finals=(first, second)), {"a": F})["first"] == "pending"


@pytest.mark.parametrize(
    ("states", "expected"),
    [([S, K], S), ([S, F, B], "failed"), ([], S), (["pending", F], "running"), (["running"], "running")],
    ids=str,
)
def test_the_state_of_a_run(states: list[StepStatus], expected: str) -> None:
    assert run_status(states) == expected


@st.composite
def runs(draw: st.DrawFn) -> tuple[Plan, dict[str, StepStatus]]:
    """A random graph and the records of some of its steps that could have started."""
    count = draw(st.integers(1, 12))
    on_failure = draw(st.sampled_from(["stop", "continue"]))
    modes: st.SearchStrategy[RunIf] = (
        st.just("success") if on_failure == "stop" else st.sampled_from(["success", "success", "failure", "always"])
    )
    steps = []
    for number in range(count):
        above = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        steps.append(step(f"s{number}", *(f"s{n}" for n in sorted(above)), run_if=draw(modes)))
    recorded: dict[str, StepStatus] = {}
    for item in steps:
        upstream = [derive(plan(*steps, on_failure=on_failure), recorded)[key] for key in item.upstream]
        if "pending" not in upstream and verdict(item.run_if, upstream, stopped=False) == "start" and draw(st.booleans()):
            recorded[item.id] = draw(st.sampled_from([S, S, S, F, K]))
    return plan(*steps, on_failure=on_failure), recorded


@given(runs())
def test_laws_of_derived_states(run: tuple[Plan, dict[str, StepStatus]]) -> None:
    whole, recorded = run
    states = derive(whole, recorded)
    assert list(states) == [item.id for item in whole.steps]
    stopped = whole.on_failure == "stop" and F in recorded.values()
    for item in whole.steps:
        if item.id in recorded:
            assert states[item.id] == recorded[item.id]
            continue
        above = {states[key] for key in item.upstream}
        state = states[item.id]
        assert state != F, "what has no record never failed"
        assert state != S, "what has no record never succeeded"
        if item.run_if != "success":
            continue
        if "pending" in above:
            assert state == "pending"
        elif above & {F, B}:
            assert state == B, "blocked wins over skipped"
        elif K in above:
            assert state == K, "a skip passes on"
        else:
            assert state == (B if stopped else "pending")
