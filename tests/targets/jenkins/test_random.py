"""Random graphs, compiled and run: sizes as estimated, nothing before what it needs, the same end as here."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec.engine import Runs, outcome
from mlspec.ir.bodies import Shell
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.emit import fits
from mlspec.targets.jenkins.levels import levels_of
from mlspec.targets.jenkins.size import BUDGET, METHOD_LIMIT, pipeline_bytes
from tests.engines import jenkins, local
from tests.targets.built import plan
from tests.targets.jenkins.plans import FORMS, chain, step, take, tree
from tests.targets.jenkins.test_levels import graphs

pytestmark = pytest.mark.groovy


def fan_out(one: Step) -> Step:
    return replace(one, foreach=ForEach(None, (), (1, 2), 1))


@settings(max_examples=60, deadline=None)
@given(graphs(size=60))
def test_a_file_is_no_larger_than_estimated(steps: list[Step]) -> None:
    made = plan("random", *steps, finals=(step("end"),))
    checked = jenkins.check(TARGET.emit(made)[0].content)
    assert checked.problems == ()
    levels = levels_of(made.steps)
    if fits(made, levels):
        estimate = pipeline_bytes(made, levels, whens=fits(made, levels, whens=True))
        assert checked.bytes["pipeline"] <= estimate * METHOD_LIMIT / BUDGET


@pytest.mark.parametrize("shape", [chain, tree])
def test_a_thousand_steps_of_every_kind_fit_a_controller(shape: object) -> None:
    made: Plan = shape(1000)  # type: ignore[operator]
    steps = tuple(fan_out(one) if number % 7 == 3 and not one.outputs else one for number, one in enumerate(made.steps))
    checked = jenkins.check(TARGET.emit(replace(made, steps=steps))[0].content)
    assert checked.problems == ()
    assert max(checked.bytes.values()) < BUDGET
    assert max(checked.code.values()) < METHOD_LIMIT / 20


@st.composite
def runs(draw: st.DrawFn) -> Plan:
    """At most five steps or matrices, some failing, some skipped, some over a list."""
    steps: list[Step] = []
    for one in draw(graphs(size=5)):
        kind = draw(st.sampled_from(["run", "run", "fail", "skip", "each"]))
        body = Shell("exit 1" if kind == "fail" else "true")
        made = replace(one, body=body, when="1.0 > 2.0" if kind == "skip" else None)
        steps.append(fan_out(made) if kind == "each" and made.instance is None else made)
    return plan("random", *steps, on_failure="continue", finals=(step("end"),))


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(runs(), st.sampled_from(FORMS))
def test_nothing_starts_before_its_needs_have_ended(made: Plan, form: str) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second, pytest.MonkeyPatch.context() as patch:
        take(form, patch)
        there, here = Path(first), Path(second)
        found = read(made, there, jenkins.run(there, made, TARGET.emit(made), {}).run_id)
        expected = read(made, here, local.run(here, made).run_id)
        assert {name: state for name, (state, _, _) in found.items()} == {
            name: state for name, (state, _, _) in expected.items()
        }
        for one in made.steps:
            for upstream in one.upstream:
                for _, _, ended in of_step(found, upstream):
                    assert all(ended <= started for _, started, _ in of_step(found, one.id) if started)


Told = dict[str, tuple[str, str, str]]


def read(made: Plan, project: Path, run_id: str) -> Told:
    """State, start and end of every step and instance."""
    records = outcome(made, Runs(made.lifecycle, made.store, project), run_id).steps
    return {
        name: (one.status, *((str(one.record["started"]), str(one.record["ended"])) if one.record else ("", "")))
        for name, one in records.items()
    }


def of_step(found: Told, step_id: str) -> list[tuple[str, str, str]]:
    return [told for name, told in found.items() if name == step_id or name.startswith(f"{step_id}[")]
