"""What a run came to, in a form that is equal for equal runs of any engine.

In: a plan, its project and a run in its store. Out: plain values. Owns what "the same outcome" means: the state of the run
and of every step, the attempts, the digest of every output; not times, places or run ids.
Change it when engines must agree on more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlspec.plan.model import Plan
from mlspec.runner import Runs, outcome


@dataclass(frozen=True)
class Outcome:
    """`steps` maps an id to its state, attempts and `{output: digest}`."""

    status: str
    steps: dict[str, tuple[str, int, dict[str, str]]]


def outcome_of(plan: Plan, project: Path, run_id: str) -> Outcome:
    """Read a run back from its records; raises `RunError` when there is no such run."""
    found = outcome(plan, Runs(plan.lifecycle, plan.store, project), run_id)
    return Outcome(
        found.status,
        {
            step_id: (step.status, step.attempts, {name: output["digest"] for name, output in step.outputs.items()})
            for step_id, step in found.steps.items()
        },
    )
