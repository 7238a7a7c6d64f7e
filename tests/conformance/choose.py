"""Chooses the fixed corpus: few specs that between them have every feature, every outcome and every awkward text.

In: drawn lifecycles. Out: those worth keeping, each with what it is the first to have. Owns what counts as covered; never runs
anything. Change it when the corpus should have something more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.conformance.drawn import KINDS, Life, Step
from tests.conformance.graph import name_of, upstream
from tests.conformance.limits import LIMITS, broken
from tests.conformance.oracle import foresee
from tests.conformance.past import Expected
from tests.conformance.reading import breaks
from tests.conformance.texts import TEXTS


def choose(lives: Sequence[Life], count: int) -> list[tuple[Life, list[str]]]:
    """The `count` lifecycles that cover most for the time they take, with what each is the first to cover."""
    covered: set[str] = set()
    tags = [set(tags_of(life)) for life in lives]
    costs = [_cost(life) for life in lives]
    left = set(range(len(lives)))
    chosen = []
    while len(chosen) < count and left:
        best = max(left, key=lambda index: (len(tags[index] - covered) / costs[index], -index))
        left.remove(best)
        news = sorted(tags[best] - covered, key=lambda tag: (tag.startswith("text "), tag))
        covered |= tags[best]
        chosen.append((lives[best], news))
    return chosen


def missing(lives: Sequence[Life], chosen: Sequence[Life]) -> set[str]:
    """What some lifecycle has and no chosen one."""
    return {tag for life in lives for tag in tags_of(life)} - {tag for life in chosen for tag in tags_of(life)}


def tags_of(life: Life) -> Iterator[str]:
    """Everything that a lifecycle covers."""
    prophecy = foresee(life)
    mode = life.get("on_failure", "stop")
    for param in life.get("params", {}).values():
        yield from (f"param {param['type']} with {limit}" for limit in LIMITS if limit in (param.get("long") or {}))
        if breaks(param):
            yield f"param {param['type']} {broken(param)}"
    if prophecy.refused:
        yield f"{mode}: run refused"
        return
    yield f"{mode}: run {prophecy.status}"
    for section in ("steps", "finals"):
        steps: dict[str, Step] = life.get(section, {})  # type: ignore[assignment]
        place = "finally" if section == "finals" else mode
        for name, step in steps.items():
            found = {one_id: one for one_id, one in prophecy.steps.items() if one_id.partition("[")[0] == name}
            yield from (f"{place}: {tag}" for one in found.values() for tag in _outcome(step, one))
            yield from _shape(step, steps)
            fan_out = "matrix" if "matrix" in step else "foreach" if "foreach" in step else ""
            if fan_out:
                states = "+".join(sorted({one.natural for one_id, one in found.items() if "[" in one_id})) or "nothing"
                yield f"{place}: {fan_out} of {states}"
    yield from (
        f"param {param['type']}{' overridden' if 'given' in param else ''}" for param in life.get("params", {}).values()
    )
    yield from (
        f"text {text!r}" for text in _texts([life["steps"], life.get("finals", {}), life.get("params", {})]) if text in TEXTS
    )


def _outcome(step: Step, expected: Expected) -> Iterator[str]:
    states = "|".join(sorted(expected.states))
    yield f"{step['body']} {states}"
    if "when" in step and expected.natural in expected.states - {"blocked"}:
        yield f"when and {expected.natural}"
    if "gate" in step:
        yield f"gate {step.get('otherwise', 'stop')} {expected.natural}"
    if "run_if" in step:
        yield f"run_if {step['run_if']} {states}"
    if "fault" in step and expected.attempts:
        often = "one attempt" if expected.attempts == 1 else "several"
        yield f"{step['fault']['how']} in {step['body']}, then {expected.natural} after {often}"


def _shape(step: Step, steps: dict[str, Step]) -> Iterator[str]:
    yield f"{min(len(upstream(step)), 4)} above"
    yield f"{min(sum(step is not other and any(steps[one] is step for one in upstream(other)) for other in steps.values()), 4)} below"
    yield from (f"output {kind} of {step['body']}" for kind in step.get("outputs", {}).values())
    yield from (f"style {style}" for style in step.get("styles", {}).values())
    yield from (["folder"] if step.get("folders") else [])
    for source in step.get("inputs", {}).values():
        many = isinstance(source, str) and any(key in steps[name_of(source).split(".")[0]] for key in ("matrix", "foreach"))
        yield "input of a file" if isinstance(source, dict) else "input of a fan-in" if many else "input of a step"
    for address in step.get("prints", []):
        yield f"prints {address.split('.')[0] if address.split('.')[0] in ('params', 'run', 'matrix', 'item') else 'a value'}"
    if "parallel" in step:
        yield "parallel"
    yield from (f"a secret, {KINDS.get(name, 'text')}" for name in step.get("secrets", []))


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)


def _cost(life: Life) -> float:
    """Processes that it starts, about; a timeout costs as much as several."""
    prophecy = foresee(life)
    waits = sum(
        8
        for step in [*life["steps"].values(), *life.get("finals", {}).values()]
        if step.get("fault", {}).get("how") == "timeout"
    )
    return 2 + sum(1 + one.attempts for one in prophecy.steps.values()) + waits
