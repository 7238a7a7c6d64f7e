"""What the steps of a run were to do, and what each waits for, as it is kept beside the run: nobody needs its spec to draw it.

In: steps of a plan. Out: a JSON value. Owns its form; never writes or reads a store. What is in `ir.describe` says it in a few words.
Change it when a picture of a run should show more of its steps. See docs/step-process.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.ir.describe import kind, logic
from mlspec.ir.model import Step
from mlspec.terms import Json


def outline(steps: Iterable[Step], finals: Iterable[Step]) -> Json:
    """Say of every step what it is; `finally` steps come last."""
    last = tuple(finals)
    return {"version": 1, "steps": {step.id: _entry(step, final=step in last) for step in (*steps, *last)}}


def _entry(step: Step, *, final: bool) -> Json:
    entry: Json = {"step": step.name, "kind": kind(step), "logic": logic(step), "stage": step.stage}
    if step.upstream:
        entry["upstream"] = list(step.upstream)
    if step.environment is not None:
        entry["environment"] = step.environment
    return {**entry, "finally": True} if final else entry
