"""What becomes of a step, given what became of the steps above it.

In: states of ended steps. Out: the verdict for one step, the state of a fan-in, the state of the whole run.
Owns the meaning of `run_if`, skipped, blocked and `on_failure: stop`; never looks at a process, a file or a clock.
Change it when the language changes what lets a step start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from typing import Literal, TypeAlias

from mlspec.ir.groups import upstream_groups
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


def seen_by(
    step: Step, group: Sequence[str], states: Mapping[str, StepStatus], instances: Mapping[str, Sequence[StepStatus]]
) -> StepStatus:
    """Return what a step sees of those above it that count as one. Where each of its instances asks for one of theirs, what all
    came to together is nothing to it; without instances it was skipped or blocked as a whole, or its list is empty.
    """
    if step.foreach is not None and group[0] in step.pairs and instances.get(group[0]):
        return "succeeded"
    return fan_in([states[above] for above in group])


def paired_verdict(
    step: Step, index: int, instances: Mapping[str, Sequence[StepStatus]], above: Sequence[StepStatus] = ()
) -> Verdict:
    """Decide on one instance of a `foreach` step, by the instances that it is paired with and all else that is `above` it."""
    partners = [instances[name][index] for name in step.pairs if index < len(instances.get(name, ()))]
    return verdict("success", (*above, *partners), stopped=False)


def kept_back(step: Step, instances: Mapping[str, Sequence[StepStatus]], above: Sequence[StepStatus]) -> list[StepStatus]:
    """Return the states of all instances of a `foreach` step, where it is paired with others and none of its own may start."""
    if step.foreach is None or not step.pairs:
        return []
    count = max(len(instances.get(name, ())) for name in step.pairs)
    found = [paired_verdict(step, index, instances, above) for index in range(count)]
    return [state for state in found if state != "start"] if "start" not in found else []


def derive(
    plan: Plan,
    recorded: Mapping[str, StepStatus],
    empty: Collection[str] = (),
    instances: MutableMapping[str, list[StepStatus]] | None = None,
) -> dict[str, StepStatus]:
    """Complete the states of a run from those of the steps that left a record.

    A step without a record is skipped or blocked when its upstream says so; else it is `pending`: it may still start.
    What stands below a step that has not ended is `pending` too. `empty` are `foreach` steps over an empty list: they
    leave no record and succeed. `instances` are those of `foreach` steps, to which those are added that never started because
    of the instances that they are paired with.
    """
    instances = {} if instances is None else instances
    failed = plan.on_failure == "stop" and any(recorded.get(step.id) == "failed" for step in plan.steps)
    states: dict[str, StepStatus] = {}
    for steps, held in ((plan.steps, failed), (plan.finals, False)):
        known = {step.id: step for step in steps}
        for step in steps:
            above = [seen_by(step, group, states, instances) for group in upstream_groups(step, known)]
            start: StepStatus = "succeeded" if step.id in empty else "pending"
            stopped = held and step.id not in empty  # what starts nothing may have ended before the failure
            states[step.id] = recorded.get(step.id) or _derived(step.run_if, above, stopped=stopped, start=start)
            asked = not stopped or verdict(step.run_if, above, stopped=False) != "start"  # else nobody has looked at its list
            if step.id not in recorded and _has_ended(above) and asked and (decided := kept_back(step, instances, above)):
                instances[step.id], states[step.id] = decided, fan_in(decided)
    return states


def _has_ended(states: Sequence[StepStatus]) -> bool:
    return not {"pending", "running"}.intersection(states)


def _derived(run_if: RunIf, above: Sequence[StepStatus], *, stopped: bool, start: StepStatus) -> StepStatus:
    if not _has_ended(above):
        return "pending"
    decided = verdict(run_if, above, stopped=stopped)
    return start if decided == "start" else decided


def run_status(states: Iterable[StepStatus]) -> RunStatus:
    """Return the state of a run: `running` until every step has ended, then `failed` when one has failed."""
    present = set(states)
    if present & {"pending", "running"}:
        return "running"
    return "failed" if "failed" in present else "succeeded"
