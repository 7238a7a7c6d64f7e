"""How long the rest of a run takes, laid out as a run starts its steps."""

from __future__ import annotations

import pytest

from mlspec.ir.estimate import Estimate, estimate
from mlspec.ir.model import Plan
from tests.unit.engine import plans
from tests.unit.engine.plans import step

SECONDS = {"load": 1.0, "small": 2.0, "large": 5.0, "other": 3.0, "last": 1.0, "clean": 0.5}


@pytest.fixture
def plan() -> Plan:
    steps = step("load"), step("small", "true", "load"), step("large", "true", "load"), step("other")
    return plans.plan(*steps, step("last", "true", "small", "large"), finals=(step("clean"),))


def test_the_longest_chain_bounds_a_run_that_has_room(plan: Plan) -> None:
    expected = estimate(plan, SECONDS, jobs=4)
    assert expected == Estimate(7.5, ("load", "large", "last", "clean"), 7.5, ())


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 12.5), (2, 9.5), (3, 7.5)])
def test_steps_wait_for_a_place_and_start_in_the_order_of_the_plan(plan: Plan, jobs: int, seconds: float) -> None:
    expected = estimate(plan, SECONDS, jobs)
    assert expected is not None
    assert expected.seconds == seconds


def test_what_is_over_takes_nothing_and_what_runs_only_the_rest(plan: Plan) -> None:
    rest = estimate(plan, SECONDS, 4, over={"load", "small"}, running={"large": 2.0, "other": 9.0})
    assert rest == Estimate(4.5, ("large", "last", "clean"), 4.5, ())


def test_nothing_is_expected_where_nothing_is_known_of_what_is_left(plan: Plan) -> None:
    assert estimate(plan, {}, 2) is None
    assert estimate(plan, {"load": 1.0}, 2, over={"load"}) is None


def test_steps_of_which_nothing_is_known_are_named_and_count_nothing(plan: Plan) -> None:
    expected = estimate(plan, {"load": 1.0, "last": 2.0}, 2)
    assert expected is not None
    assert (expected.seconds, expected.unknown) == (3.0, ("small", "large", "other", "clean"))


def test_a_chain_of_many_steps_is_laid_out() -> None:
    names = [f"s{number}" for number in range(3000)]
    steps = [step(name, "true", *([f"s{number - 1}"] if number else [])) for number, name in enumerate(names)]
    expected = estimate(plans.plan(*steps), dict.fromkeys(names, 0.5), 2)
    assert expected is not None
    assert (expected.seconds, len(expected.path)) == (1500.0, 3000)
