"""What a run must come to, from the rules of the language alone.

In: a drawn lifecycle. Out: for every step and instance the states it may end in, and what it has done when it has run; the state of
the run. Owns a second reading of the rules, written apart from mlspec, of which it and all that it imports import nothing. Change
it when the language changes its meaning, and only then.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial

from tests.conformance.drawn import Life, Step
from tests.conformance.effects import failing_attempts, outputs
from tests.conformance.graph import all_above, fan_of, roots
from tests.conformance.past import Expected, Own, Past
from tests.conformance.reading import NoValueError, breaks, judge


@dataclass
class Prophecy:
    """The run's state, and a step or an instance by its id. `fan_outs` has the ids that each `foreach` step came to."""

    status: str
    steps: dict[str, Expected] = field(default_factory=dict)
    fan_outs: dict[str, list[str]] = field(default_factory=dict)
    refused: str = ""
    """The parameter that does not take the value which the run gives it, so that no body runs; then there are no `steps`."""


def foresee(life: Life) -> Prophecy:
    """Work out a run; `steps` come in an order in which each one's upstream is before it."""
    for name, param in life.get("params", {}).items():
        if breaks(param):
            return Prophecy("failed", refused=name)
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
    if "each" in step:
        _end_each(past, name, step)
        return
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


def _end_each(past: Past, name: str, step: Step) -> None:
    """The same of a step whose instances are paired with those of another; where that has no list, it has none either."""
    root = str(fan_of(past.steps, name))
    whole = _verdicts(past, step, "success")
    if past.ids[root] == [root]:
        past.ids[name], past.found[name] = [name], Expected(states=whole - {"start"})
        return
    instances = list(past.instances(name, step))
    past.ids[name] = [one for one, _ in instances]
    if "foreach" in past.steps[root]:
        past.fan_outs[name] = past.ids[name]
    if not instances:
        past.found[name] = Expected("succeeded", states=whole - {"start"} | {"succeeded"})
    for index, (one, own) in enumerate(instances):
        verdicts = _verdicts(past, step, "success", (root, index))
        expected = _come_to(past, step, own) if "start" in verdicts else Expected()
        expected.states = verdicts - {"start"} | ({expected.natural} if "start" in verdicts else set())
        past.found[one] = expected


def _verdicts(past: Past, step: Step, run_if: str, pair: tuple[str, int] | None = None) -> set[str]:
    """`start`, or the state that a step ends in without: for all that its upstream may have come to. `pair`: of one of its instances,
    the step and the number of those that it is paired with.
    """
    above = (_seen(past, group, pair) for group in roots(step))
    return {_verdict(run_if, set(states)) for states in itertools.product(*above)}


def _verdict(run_if: str, above: set[str]) -> str:
    broken = bool(above & {"failed", "blocked"})
    if run_if == "success":
        return "blocked" if broken else "skipped" if "skipped" in above else "start"
    return "start" if run_if == "always" or broken else "skipped"


def _seen(past: Past, group: tuple[str, ...], pair: tuple[str, int] | None) -> set[str]:
    """What those who read or need a step may see it end in."""
    ends = [one.states for name in group for one in _partner(past, name, pair)]
    return {_fan_in(states) for states in itertools.product(*ends)}


def _partner(past: Past, name: str, pair: tuple[str, int] | None) -> list[Expected]:
    """A step or its instances; of those that are paired with the reader's, the one."""
    if pair is None or fan_of(past.steps, name) != pair[0] or past.ids[name] == [name]:
        return past.of(name)
    return [past.found[past.ids[name][pair[1]]]]


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
    if failing and step["fault"]["how"] == "vanish":
        return Expected("failed", vanishes=True)
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
            root = fan_of(past.steps, name) if "each" in step and past.ids[name] != [name] else None
            for index, one in enumerate(past.of(name)):
                verdicts = _verdicts(past, step, "success", (root, index) if root is not None and past.ids[name] else None)
                more = verdicts - {"start"} | ({"blocked"} if free and "start" in verdicts else set())
                changed = changed or not more <= one.states
                one.states |= more


def _failing(past: Past) -> set[str]:
    return {name for name in past.steps if any("failed" in one.states for one in past.of(name))}
