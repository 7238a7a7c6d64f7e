"""What a run must come to, from the rules of the language alone.

In: a drawn lifecycle. Out: for every step and instance the states it may end in, and what it has done when it has run; the state of
the run. Owns a second reading of the rules, written apart from mlspec, of which it and all that it imports import nothing. Change
it when the language changes its meaning, and only then.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial

from tests.conformance.drawn import Life, Step
from tests.conformance.effects import failing_attempts, outputs
from tests.conformance.graph import all_above, upstream
from tests.conformance.past import Expected, Own, Past
from tests.conformance.reading import NoValueError, judge


@dataclass
class Prophecy:
    """The run's state, and a step or an instance by its id. `fan_outs` has the ids that each `foreach` step came to."""

    status: str
    steps: dict[str, Expected]
    fan_outs: dict[str, list[str]]


def foresee(life: Life) -> Prophecy:
    """Work out a run; `steps` come in an order in which each one's upstream is before it."""
    main, finals = life["steps"], life.get("finals", {})
    before = Past(life, main, "")
    for name in main:
        _end(before, name)
    if life.get("on_failure", "stop") == "stop":
        _hold_back(before)
    status = "failed" if _failing(before) else "succeeded"
    after = Past(life, finals, status)
    for name in finals:
        _end(after, name)
    status = "failed" if _failing(after) else status
    return Prophecy(status, before.found | after.found, before.fan_outs | after.fan_outs)


def _end(past: Past, name: str) -> None:
    """Add what a step, or each of its instances, may end in, and what it does if it starts."""
    step = past.steps[name]
    verdicts = _verdicts(past, step, step.get("run_if", "success"))
    starts, held = "start" in verdicts, verdicts - {"start"}
    try:
        instances = list(past.instances(name, step)) if starts or "matrix" in step else [(name, {})]
    except NoValueError:
        past.ids[name], past.found[name] = [name], Expected("failed", states=held | {"failed"})
        return
    past.ids[name] = [one for one, _ in instances]
    if "foreach" in step:
        past.fan_outs[name] = past.ids[name]
    if not instances:
        past.found[name] = Expected("succeeded", states=held | {"succeeded"})
    for one, own in instances:
        expected = _come_to(past, step, own) if starts else Expected()
        expected.states = held | ({expected.natural} if starts else set())
        past.found[one] = expected


def _verdicts(past: Past, step: Step, run_if: str) -> set[str]:
    """`start`, or the state that a step ends in without: for all that its upstream may have come to."""
    above = (_seen(past, name) for name in upstream(step))
    return {_verdict(run_if, set(states)) for states in itertools.product(*above)}


def _verdict(run_if: str, above: set[str]) -> str:
    broken = bool(above & {"failed", "blocked"})
    if run_if == "success":
        return "blocked" if broken else "skipped" if "skipped" in above else "start"
    return "start" if run_if == "always" or broken else "skipped"


def _seen(past: Past, name: str) -> set[str]:
    """What those who read or need a step may see it end in."""
    return {_fan_in(states) for states in itertools.product(*(one.states for one in past.of(name)))}


def _fan_in(states: tuple[str, ...]) -> str:
    for state in ("failed", "blocked"):
        if state in states:
            return state
    return "skipped" if all(state == "skipped" for state in states) else "succeeded"


def _come_to(past: Past, step: Step, own: Own) -> Expected:
    """What an instance comes to once it starts."""
    look = partial(past.look, own)
    if "when" in step and (holds := judge(step["when"], look)) is not True:
        return Expected("failed" if holds is None else "skipped")
    if "gate" in step:
        lines = [judge(line, look) for line in step["gate"]]
        bad = "failed" if None in lines or step.get("otherwise", "stop") == "stop" else "skipped"
        return Expected("succeeded" if all(lines) else bad, attempts=1)
    try:
        given = past.given(step, own)
    except NoValueError:
        return Expected("failed")
    failing, limit = failing_attempts(step, own), step.get("limit", 0)
    attempts = min(failing, limit) + 1
    if failing > limit:
        return Expected("failed", attempts, given.values, given.digests())
    return Expected("succeeded", attempts, given.values, given.digests(), outputs(step, given))


def _hold_back(past: Past) -> None:
    """Under `stop` a failure may come before any step that does not stand above or below it."""
    failing = _failing(past)
    above = {name: all_above(past.steps, name) for name in past.steps}
    changed = True
    while changed:
        changed = False
        for name, step in past.steps.items():
            free = any(other != name and name not in above[other] and other not in above[name] for other in failing)
            free = free or (name in failing and len(past.ids[name]) > 1)  # another instance of it may fail first
            verdicts = _verdicts(past, step, "success")
            more = verdicts - {"start"} | ({"blocked"} if free and "start" in verdicts else set())
            for one in past.of(name):
                changed = changed or not more <= one.states
                one.states |= more


def _failing(past: Past) -> set[str]:
    return {name for name in past.steps if any("failed" in one.states for one in past.of(name))}
