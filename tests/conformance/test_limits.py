"""Limits of parameters as they are drawn, and the judge of runs that break them.

The oracle's reading of limits and mlspec's must agree on every value that is drawn, and a run that goes on all the same must be found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import api
from mlspec.expr.limits import Limits, violation
from mlspec.ir.model import Plan
from tests.conformance.compare import lay_out
from tests.conformance.drawing import Drawing
from tests.conformance.drawn import Life, Param
from tests.conformance.limits import LIMITS, break_one
from tests.conformance.oracle import foresee
from tests.conformance.reading import breaks
from tests.conformance.refusal import LOCAL, heeded
from tests.conformance.strategy import draw_param
from tests.engines import EngineRun, local


@st.composite
def params(draw: st.DrawFn) -> tuple[Param, Param]:
    """A parameter, and the same with a value that it does not take, where there is one."""
    drawing = Drawing(draw)
    kept = draw_param(drawing)
    drawing.params["p"] = kept.copy()
    break_one(drawing)
    return kept, drawing.params["p"]


def limits_of(param: Param) -> Limits:
    said: dict[str, Any] = {key: value for key, value in (param["long"] or {}).items() if key in LIMITS}
    return Limits(param["type"], **said)  # type: ignore[arg-type]


@settings(max_examples=300)
@given(params())
def test_both_readings_of_limits_agree(drawn: tuple[Param, Param]) -> None:
    kept, broken = drawn
    assert violation(limits_of(kept), kept["default"]) is None
    assert not breaks(kept)
    for param in drawn:
        assert breaks(param) == (violation(limits_of(param), param.get("given", param["default"])) is not None)
    if broken["type"] in ("integer", "number", "list", "object"):
        assert breaks(broken)


@pytest.fixture
def life() -> Life:
    depth: Param = {"type": "integer", "default": 3, "long": {"minimum": 1}, "given": 0}
    return {
        "name": "a",
        "params": {"depth": depth},
        "steps": {"first": {"body": "run", "fault": {"count": 9, "how": "exit"}}, "other": {"body": "run"}},
        "finals": {"last": {"body": "run"}},
    }


@pytest.fixture
def plan(life: Life, tmp_path: Path) -> Plan:
    return api.plan(api.load(lay_out(life, tmp_path) / "mlspec.yaml"))


def test_a_refusal_is_foretold(life: Life) -> None:
    prophecy = foresee(life)
    assert (prophecy.status, prophecy.steps, prophecy.refused) == ("failed", {}, "depth")


def test_a_refusal_is_no_problem(plan: Plan, tmp_path: Path) -> None:
    assert heeded(LOCAL, "depth", tmp_path, lambda: local.run(tmp_path, plan, {"depth": 0})) == []


def test_a_run_that_goes_on_is_found(plan: Plan, tmp_path: Path) -> None:
    """Here the run has a value that its parameter takes, and fails for another reason."""

    def start() -> EngineRun:
        return local.run(tmp_path, plan, {"depth": 1})

    assert heeded(LOCAL, "depth", tmp_path, start) == ["it ran, and should have refused depth"]
    problems = heeded("jenkins", "depth", tmp_path, start)
    assert "a body ran: ['first']" in problems
    assert "first: failed after 1 attempts, and should not have started" in problems
    assert "last: succeeded after 1 attempts, and should not have started" in problems


def test_a_run_that_cannot_be_started_is_found(tmp_path: Path) -> None:
    def start() -> EngineRun:
        raise RuntimeError("no such engine")  # as an engine does that is broken

    for engine in (LOCAL, "airflow@2", "kubeflow", "jenkins"):
        [problem] = heeded(engine, "depth", tmp_path, start)
        assert "no such engine" in problem


def test_a_run_that_leaves_no_word_is_found(tmp_path: Path) -> None:
    assert heeded("jenkins", "depth", tmp_path, lambda: EngineRun("failed", "any")) == [
        "no record says that the run failed for depth"
    ]
