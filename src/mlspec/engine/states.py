"""What becomes of a step, given what became of the steps above it.

In: states of ended steps. Out: the verdict for one step, the state of a fan-in, the state of the whole run.
Owns the meaning of `run_if`, skipped, blocked and `on_failure: stop`; never looks at a process, a file or a clock.
Change it when the language changes what lets a step start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from mlspec.ir.model import Plan, Step
from mlspec.terms import RunIf, RunStatus, StepStatus

Verdict: TypeAlias = Literal["start", "skipped", "blocked"]


def fan_in(states: Sequence[StepStatus]) -> StepStatus:
    """Return what a reader of all instances of a step sees: one state for all of them.

    An empty list of instances has succeeded. The whole ends with its last instance; then a failed one outweighs a blocked
    one, which outweighs the rest, and the whole is skipped when every instance was.
    """
    for state in ("pending", "running", "failed", "blocked"):
        if state in states:
            return state
    if states and all(state == "skipped" for state in states):
        return "skipped"
    return "succeeded"


def upstream_groups(step: Step, steps: Mapping[str, Step]) -> tuple[tuple[str, ...], ...]:
    """Return the direct upstream of `step`, instances of one matrix together; ids that `steps` lacks are left out."""
    groups: dict[str, list[str]] = {}
    for step_id in step.upstream:
        if step_id in steps:
            groups.setdefault(steps[step_id].name, []).append(step_id)
    return tuple(tuple(group) for group in groups.values())


def verdict(run_if: RunIf, upstream: Iterable[StepStatus], *, stopped: bool) -> Verdict:
    """Decide on a step whose direct upstream has ended; a matrix counts as one, by its `fan_in`.

    `stopped` says that a step has failed under `on_failure: stop`. It only holds back what would have started: a step
    that its upstream skips is skipped whether the failure came before or after, so that this does not hang on timing.
    """
    states = set(upstream)
    broken = bool(states & {"failed", "blocked"})
    if run_if == "success" and broken:
        return "blocked"
    if (run_if == "success" and "skipped" in states) or (run_if == "failure" and not broken):
        return "skipped"
    return "blocked" if stopped else "start"


def derive(plan: Plan, recorded: Mapping[str, StepStatus], empty: Collection[str] = ()) -> dict[str, StepStatus]:
    """Complete the states of a run from those of the steps that left a record.

    A step without a record is skipped or blocked when its upstream says so; else it is `pending`: it may still start.
    What stands below a step that has not ended is `pending` too. `empty` are `foreach` steps over an empty list: they
    leave no record and succeed.
    """
    failed = plan.on_failure == "stop" and any(recorded.get(step.id) == "failed" for step in plan.steps)
    states: dict[str, StepStatus] = {}
    for steps, held in ((plan.steps, failed), (plan.finals, False)):
        known = {step.id: step for step in steps}
        for step in steps:
            above = [fan_in([states[step_id] for step_id in group]) for group in upstream_groups(step, known)]
            start: StepStatus = "succeeded" if step.id in empty else "pending"
            stopped = held and step.id not in empty  # what starts nothing may have ended before the failure
            states[step.id] = recorded.get(step.id) or _derived(step.run_if, above, stopped=stopped, start=start)
    return states


def _derived(run_if: RunIf, above: Sequence[StepStatus], *, stopped: bool, start: StepStatus) -> StepStatus:
    if "pending" in above or "running" in above:
        return "pending"
    decided = verdict(run_if, above, stopped=stopped)
    return start if decided == "start" else decided


def run_status(states: Iterable[StepStatus]) -> RunStatus:
    """Return the state of a run: `running` until every step has ended, then `failed` when one has failed."""
    present = set(states)
    if present & {"pending", "running"}:
        return "running"
    return "failed" if "failed" in present else "succeeded"
