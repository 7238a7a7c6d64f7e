"""What of a run can be done again, and whether it came to the same.

In: a plan, what became of the run, and of the second one. Out: a plan without what only happens once, and the outputs side by side.
Owns what is not repeated: approvals, steps of the stage `service`, `finally`, and what reads from these; never runs anything.
Change it when another kind of step acts on the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mlspec.engine.results import RunOutcome
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import AnyOutput, StepOutput

STORE = ".mlspec/store"


@dataclass(frozen=True, slots=True)
class Compared:
    """An output, or an external input, of a step: its digest then and now; None where there is none."""

    step: str
    name: str
    then: str
    now: str | None

    @property
    def same(self) -> bool:
        """Whether it is byte for byte what it was."""
        return self.then == self.now


def repeatable(plan: Plan, before: RunOutcome) -> tuple[Plan, dict[str, str]]:
    """Return what of the plan is to be done again, in a store of its own and logged nowhere, and why the rest is not, by step."""
    left_out: dict[str, str] = {}
    for step in plan.steps:  # in topological order
        reason = _reason(step, before, left_out)
        if reason is not None:
            left_out[step.id] = reason
    left_out |= {step.id: "it is a `finally` step" for step in plan.finals}
    steps = tuple(_without(step, plan, left_out) for step in plan.steps if step.id not in left_out)
    return replace(plan, steps=steps, finals=(), store=STORE, tracking_uri=None, overlap=None), left_out


def _reason(step: Step, before: RunOutcome, left_out: Mapping[str, str]) -> str | None:
    if isinstance(step.body, Approval):
        return "it is an approval"
    if step.stage == "service":
        return "it is of the stage `service`: it may act on what others use"
    states = {
        outcome.status for step_id, outcome in before.steps.items() if step_id == step.id or step_id.startswith(f"{step.id}[")
    }
    if not states & {"succeeded", "skipped"}:
        return f"it ended {', '.join(sorted(states)) or 'without a record'}"
    read = next((above for above in _reads(step) if above in left_out), None)
    return f"it reads what `{read}` makes" if read is not None else None


def _reads(step: Step) -> Iterator[str]:
    """The steps that it cannot run without."""
    sources = [*(item.source for item in step.inputs), *(value.source for value in step.values)]
    sources += [step.foreach.source.source] if step.foreach is not None and step.foreach.source is not None else []
    for source in sources:
        if isinstance(source, StepOutput):
            yield from source.steps
        elif isinstance(source, AnyOutput):
            for one in source.sources:
                yield from one.steps


def _without(step: Step, plan: Plan, left_out: Mapping[str, str]) -> Step:
    """The step, waiting for what the steps that are left out waited for."""
    if not any(above in left_out for above in step.upstream):
        return step
    found: dict[str, None] = {}
    waiting = list(reversed(step.upstream))
    seen: set[str] = set()
    while waiting:
        above = waiting.pop()
        if above in seen:
            continue
        seen.add(above)
        if above in left_out:
            waiting += reversed(plan.by_id[above].upstream)
        else:
            found[above] = None
    return step.changed(upstream=tuple(found), groups=())


def compared(before: RunOutcome, after: RunOutcome, plan: Plan) -> Iterator[Compared]:
    """Yield what steps read from elsewhere and what they made, then and now, in the order of the first run."""
    repeated = {step.id: step for step in plan.steps}
    for step_id, outcome in before.steps.items():
        step = repeated.get(step_id) or repeated.get(step_id.rpartition("[")[0])
        if step is None or outcome.record is None:
            continue
        again = after.steps.get(step_id)
        record = again.record if again is not None and again.record is not None else {}
        for item in step.inputs:
            if not isinstance(item.source, StepOutput | AnyOutput) and item.name in outcome.record["inputs"]:
                then, now = outcome.record["inputs"][item.name], record.get("inputs", {}).get(item.name)
                yield Compared(step_id, f"input {item.name}", then["digest"], now["digest"] if now else None)
        for name, made in outcome.outputs.items():
            now = record.get("outputs", {}).get(name)
            yield Compared(step_id, name, made["digest"], now["digest"] if now else None)
