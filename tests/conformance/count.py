"""Counts what drawn lifecycles have: `python -m tests.conformance --count`.

In: drawn lifecycles. Out: a Markdown table of features, and of how many lifecycles have each. Owns the list of what must be
drawn; never runs anything. Change it when the language gains a feature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.conformance.drawn import KINDS, Life, Step
from tests.conformance.graph import upstream
from tests.conformance.limits import LIMITS, broken
from tests.conformance.oracle import foresee
from tests.conformance.past import Expected
from tests.conformance.reading import breaks

GROUPS = (
    "steps",
    "run",
    "graph",
    "body",
    "outcome",
    "fault",
    "retry",
    "when",
    "gate",
    "run_if",
    "fan-out",
    "in `finally`",
    "reads",
    "params",
    "limits",
    "text",
)
TEXTS = {
    "a quote": lambda text: "'" in text or '"' in text,
    "`$`": lambda text: "$" in text,
    "`${`": lambda text: "${" in text,
    "`$(` or a backtick": lambda text: "$(" in text or "`" in text,
    "a backslash": lambda text: "\\" in text,
    "a line end": lambda text: "\n" in text or "\r" in text,
    "`{{`, `{%` or `{#`": lambda text: any(word in text for word in ("{{", "{%", "{#")),
    "other than ASCII": lambda text: not text.isascii(),
    "a control character": lambda text: any(ord(one) < 32 and one not in "\n\r\t" for one in text),
    "a dash to begin with": lambda text: text.startswith("-"),
    "nothing": lambda text: text == "",
}


def table(lives: Sequence[Life]) -> str:
    """In how many of the lifecycles each feature is; a row for each group of features."""
    counts = Counter(feature for life in lives for feature in set(_features(life)))
    rows: dict[str, list[str]] = {}
    for feature in sorted(counts):
        group, _, what = feature.partition(": ")
        rows.setdefault(group, []).append(f"{what} **{counts[feature]}**")
    lines = [f"| | in how many of {len(lives)} specs |", "|---|---|"]
    return "\n".join([*lines, *(f"| {group} | {' · '.join(rows[group])} |" for group in GROUPS)])


def _features(life: Life) -> Iterator[str]:
    prophecy = foresee(life)
    mode = life.get("on_failure", "stop")
    main, finals = life["steps"], life.get("finals", {})
    yield f"run: {mode}, {'refused' if prophecy.refused else prophecy.status}"
    yield f"steps: {'1 to 4' if len(main) < 5 else '5 to 8' if len(main) < 9 else '9 to 12'}"
    yield from ["steps: in `finally`"] * len(finals)
    for section in (main, finals):
        for name, step in section.items():
            instances = [one for one_id, one in prophecy.steps.items() if one_id.partition("[")[0] == name]
            yield from _of_step(step, instances)
            yield from _of_graph(step, section)
            if section is finals:
                yield from _of_final(step, instances, finals)
    for param in life.get("params", {}).values():
        yield f"params: {param['type']}"
        if "given" in param:
            yield "params: overridden"
        yield from (f"limits: {limit}" for limit in LIMITS if limit in (param.get("long") or {}))
        if breaks(param):
            yield f"limits: overridden with what is {broken(param)}"
    for text in _texts([main, finals, life.get("params", {}), life.get("secrets", {}), life.get("description", "")]):
        yield from (f"text: {what}" for what, holds in TEXTS.items() if holds(text))


def _of_graph(step: Step, section: dict[str, Step]) -> Iterator[str]:
    below = sum(any(section[one] is step for one in upstream(other) if one in section) for other in section.values())
    if len(upstream(step)) > 1:
        yield "graph: fan-in, 2 above or more"
    if below > 1:
        yield "graph: fan-out, 2 below or more"


def _of_step(step: Step, instances: list[Expected]) -> Iterator[str]:
    yield f"body: {step['body']}"
    for one in instances:
        yield f"outcome: {' or '.join(sorted(one.states))}"
        if "when" in step and one.natural != "blocked":
            yield f"when: {'false' if one.natural == 'skipped' else 'undecidable' if not one.attempts else 'true'}"
        if "gate" in step and one.attempts:
            yield f"gate: otherwise {step.get('otherwise', 'stop')}, {one.natural}"
        if "run_if" in step:
            yield f"run_if: {step['run_if']}"
        if one.attempts > 1:
            yield f"retry: {one.natural} at attempt {one.attempts}"
        if "fault" in step and (one.vanishes or one.attempts) and (one.natural == "failed" or one.attempts > 1):
            yield f"fault: {step['fault']['how']} of a {step['body']}"
    if "matrix" in step:
        yield f"fan-out: matrix of {len(step['matrix'])} keys"
    yield from (f"fan-out: matrix with {key}" for key in ("include", "exclude") if key in step)
    if any(isinstance(values[0], dict) for values in step.get("matrix", {}).values()):
        yield "fan-out: matrix of mappings"
    if "each" in step:
        yield "fan-out: each of another"
    if "foreach" in step:
        yield f"fan-out: foreach of {_listed(step['foreach'])}"
        if [one.natural for one in instances if not one.attempts] == ["succeeded"]:
            yield "fan-out: foreach of nothing"
    if "parallel" in step:
        yield "fan-out: bounded"
    for source in step.get("inputs", {}).values():
        if isinstance(source, dict) and "any" in source:
            yield "reads: one of several"
            continue
        yield "reads: a file of the project" if isinstance(source, dict) else "reads: an output"
    yield from {f"reads: a secret, {KINDS.get(name, 'text')}" for name in step.get("secrets", [])}
    if step.get("env"):
        yield "reads: a plain variable"
    if step.get("folders"):
        yield "body: writes a folder"


def _listed(items: Any) -> str:
    if isinstance(items, str):
        return "a parameter" if items.startswith("params.") else "an output"
    return "a list in the spec"


def _of_final(step: Step, instances: list[Expected], finals: dict[str, Step]) -> Iterator[str]:
    if any("matrix" in finals[one] or "foreach" in finals[one] for one in upstream(step)):
        yield "in `finally`: needs a fan-out"
    if "matrix" in step:
        yield f"in `finally`: matrix of {len(step['matrix'])} keys"
    elif "foreach" in step:
        yield f"in `finally`: foreach of {_listed(step['foreach']) if step['foreach'] else 'nothing'}"
    else:
        return
    if "parallel" in step:
        yield "in `finally`: bounded"
    if step.get("foreach") != []:
        yield from (f"in `finally`: an instance {state}" for one in instances for state in one.states)


def _texts(tree: Any) -> Iterator[str]:
    todo = [tree]
    while todo:
        match todo.pop():
            case str() as text:
                yield text
            case list() as inner:
                todo += inner
            case dict() as inner:
                todo += [*inner, *inner.values()]
