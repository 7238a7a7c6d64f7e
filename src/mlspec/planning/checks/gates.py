"""Conditions that are decided before anything runs.

In: a pipeline. Out: errors for gates that can never hold, warnings for steps that can never run.
Knows constants and bounds on one address (`x > 0.9`, `x < 0.5`), no more. Never evaluates with a run's values.
Change it when more can be known at compile time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlspec.diagnostics import Related, Span
from mlspec.diagnostics.collection import Findings
from mlspec.expr.instances import stood_in
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Named, Path

if TYPE_CHECKING:
    from mlspec.expr.bounds import Bound


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Check gates and `when` conditions."""
    for named in pipeline.scope.steps.values():
        if named.step.when is not None and _constant(stood_in(named.step.when)[0]) is False:
            path: Path = (*named.path, "when")
            message = f"`{named.name}` can never run: its condition is false"
            findings.warn("MLS410", message, pipeline.spec.span(*path), "remove the step, or read a parameter", path=path)
        if named.step.gate is not None:
            _gate(pipeline, named, named.step.gate, findings)


def _gate(pipeline: Pipeline, named: Named, lines: list[str], findings: Findings) -> None:
    from mlspec.expr.bounds import bounds

    known: dict[str, tuple[Bound, Span]] = {}
    names: dict[str, str] = {}
    for index, line in enumerate(lines):
        path: Path = (*named.path, "gate", index)
        line = stood_in(line, names)[0]
        if _constant(line) is False:
            message = "this can never hold"
            findings.add("MLS409", message, pipeline.spec.span(*path), "compare a metric or a parameter", path=path)
            continue
        for bound in bounds(line):
            before = known.get(bound.address)
            both = bound if before is None else before[0].narrowed(bound)
            if both.empty:
                message = f"this can never hold: nothing is both {_words(before[0]) if before else ''} and {_words(bound)}"
                hint = f"`{bound.address}` is bounded twice; mend one of them"
                span = pipeline.spec.inner_span(path, bound.start, bound.end)
                related = (Related(before[1], "the other bound"),) if before else ()
                findings.add("MLS409", message, span, hint, path=path, related=related)
                break
            known[bound.address] = (both, pipeline.spec.inner_span(path, bound.start, bound.end))


def _constant(text: str) -> bool | None:
    """What the condition always is; None when that depends on a run or the text is no condition."""
    from mlspec.expr.bounds import reads_nothing

    if not reads_nothing(text):
        return None
    from mlspec.expr.cel import ConditionError, evaluate

    try:
        return evaluate(text, {})
    except ConditionError:
        return None


def _words(bound: Bound) -> str:
    if bound.low == bound.high:
        return f"{bound.low:g}"
    low = "" if bound.low == -math.inf else f"{'above' if bound.low_open else 'at least'} {bound.low:g}"
    high = "" if bound.high == math.inf else f"{'below' if bound.high_open else 'at most'} {bound.high:g}"
    return " and ".join(part for part in (low, high) if part)
