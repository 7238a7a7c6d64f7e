"""The rule for the image that a step runs in, in its order, and what the rewrite leaves alone."""

from __future__ import annotations

import time
from dataclasses import fields, replace

import pytest

from mlspec import api
from mlspec.ir.bodies import Gate, Shell
from mlspec.ir.declarations import Environment
from mlspec.ir.model import Plan, Step
from mlspec.lowering import lower
from mlspec.lowering.table import REWRITES

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"
ENVIRONMENTS = "environments: {a: {image: 'a:1'}, b: {image: 'b:1'}, bare: {python: '3.11'}}\n"
ASKED = "approval: {message: 'Go?'}"


def images(text: str) -> dict[str, str | None]:
    checked = api.check("mlspec.yaml", text=HEAD + text)
    assert checked.plan is not None, checked.findings
    plan = lower(checked.plan)
    return {step.id: step.image for step in plan.all_steps()}


def test_a_step_runs_in_the_image_of_its_environment() -> None:
    steps = "steps:\n  x: {run: a, environment: a}\n  y: {run: b, environment: bare}\n  z: {run: c}\n"
    assert images(ENVIRONMENTS + steps) == {"x": "a:1", "y": None, "z": None}
    assert images(ENVIRONMENTS + "defaults: {environment: b}\n" + steps) == {"x": "a:1", "y": None, "z": "b:1"}


@pytest.mark.parametrize("body", ["gate: [params.go]", ASKED])
@pytest.mark.parametrize(
    ("named", "default", "image"),
    [
        (", environment: a", "b", "a:1"),
        (", environment: bare", "b", "b:1"),
        ("", "b", "b:1"),
        (", environment: a", None, "a:1"),
        ("", None, "b:1"),
        ("", "bare", "b:1"),
    ],
)
def test_a_gate_and_an_approval_name_one_or_take_the_default_or_the_nearest(
    body: str, named: str, default: str | None, image: str
) -> None:
    text = ENVIRONMENTS + "params: {go: true}\n" + (f"defaults: {{environment: {default}}}\n" if default else "")
    text += "steps:\n  far: {run: a, environment: a}\n  near: {run: b, environment: b, needs: [far]}\n"
    text += f"  ask: {{{body}, needs: [near]{named}}}\n"
    assert images(text)["ask"] == image


def test_the_nearest_is_counted_in_steps_whatever_the_order_of_the_file() -> None:
    text = (
        "params: {go: true}\nsteps:\n"
        "  top: {run: a, environment: a}\n"
        "  between: {run: b, needs: [top]}\n"
        "  near: {run: b, environment: b}\n"
        "  ask: {gate: [params.go], needs: [between, near]}\n"
        "  again: {gate: [params.go], needs: [ask]}\n"
        "  as_near: {gate: [params.go], needs: [near, top]}\n"
    )
    found = images(ENVIRONMENTS + text)
    assert (found["ask"], found["again"], found["as_near"], found["between"]) == ("b:1", "b:1", "a:1", None)


def test_a_gate_below_no_image_takes_the_first_of_the_plan() -> None:
    steps = "steps:\n  ask: {gate: [params.go]}\n  x: {run: a, needs: [ask], environment: b}\n  y: {run: a, environment: a}\n"
    assert images("params: {go: true}\n" + ENVIRONMENTS + steps)["ask"] == "b:1"
    assert images("params: {go: true}\nsteps: {ask: {gate: [params.go]}, x: {run: a}}\n") == {"ask": None, "x": None}


def test_finally_and_the_monitor_have_images_too() -> None:
    text = ENVIRONMENTS + (
        "defaults: {environment: a}\nsteps: {x: {run: a}}\nfinally: {bye: {run: b, environment: b}}\n"
        "monitor: {schedule: {cron: '0 * * * *'}, steps: {look: {run: c}}}\n"
    )
    assert images(text) == {"x": "a:1", "bye": "b:1"}
    plan = api.check("mlspec.yaml", text=HEAD + text).plan
    assert plan is not None
    monitor = lower(plan).monitor
    assert monitor is not None
    assert [step.image for step in monitor.plan.steps] == ["a:1"]


def test_a_gate_has_the_image_of_its_environment_and_no_more_of_it() -> None:
    text = ENVIRONMENTS + "params: {go: true}\nsteps: {ask: {gate: [params.go], environment: a}}\n"
    plan = api.check("mlspec.yaml", text=HEAD + text).plan
    assert plan is not None
    assert (plan.steps[0].environment, plan.steps[0].image_environment, plan.steps[0].image) == (None, "a", None)


def chain(length: int, image: str | None = None) -> Plan:
    """One step in an environment, and gates below it."""
    first = Step("s0", "s0", "s0", Shell("true"), environment="ml")
    gates = [Step(f"s{n}", f"s{n}", f"s{n}", Gate(("true",), "stop"), upstream=(f"s{n - 1}",)) for n in range(1, length)]
    return Plan("chain", "mlspec.yaml", "sha256:0", (first, *gates), environments={"ml": Environment("ml", image=image)})


def test_lowering_twice_is_lowering_once() -> None:
    once = lower(chain(5, "ml:1"))
    assert {step.image for step in once.steps} == {"ml:1"}
    assert lower(once) is once
    without = chain(5)
    assert lower(without) is without


def test_nothing_but_the_image_changes_and_what_keeps_its_own_is_no_copy() -> None:
    plan = replace(chain(3, "ml:1"), steps=(*chain(3).steps, Step("bare", "bare", "bare", Shell("true"))))
    made = lower(plan)
    assert made.steps[3] is plan.steps[3]
    for old, new in zip(plan.steps[:3], made.steps[:3], strict=True):
        assert {field.name for field in fields(Step) if getattr(old, field.name) != getattr(new, field.name)} == {"image"}
    assert {field.name for field in fields(Plan) if getattr(plan, field.name) != getattr(made, field.name)} == {"steps"}


def test_a_long_chain_of_gates_takes_a_moment() -> None:
    plan = chain(10_000, "ml:1")
    start = time.process_time()
    assert {step.image for step in lower(plan).steps} == {"ml:1"}
    assert time.process_time() - start < 2


def test_every_rewrite_has_its_name_and_its_file() -> None:
    assert [(name, rewrite.__module__) for name, rewrite in REWRITES] == [("images", "mlspec.lowering.images")]
