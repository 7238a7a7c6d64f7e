"""What a run came to, in a form that is equal for equal runs of any engine.

In: a plan, its project and a run in its store. Out: plain values. Owns what "the same outcome" means: the state of the run
and of every step, the attempts, the values that it was given, the digest of every input and output; not times, places or run
ids. Change it when engines must agree on more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mlspec.engine import Runs, outcome
from mlspec.ir.model import Plan
from mlspec.store.filesystem import is_remote, local_path


class Done(NamedTuple):
    """What became of a step. `inputs` has a list where the step read one."""

    state: str
    attempts: int
    outputs: dict[str, str]
    inputs: dict[str, Any]
    values: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """`steps` has every step and instance by its id."""

    status: str
    steps: dict[str, Done]


def outcome_of(plan: Plan, project: Path, run_id: str) -> Outcome:
    """Read a run back from its records; raises `RunError` when there is no such run."""
    if not is_remote(plan.store):
        store = local_path(plan.store) if plan.store.startswith("file:") else project / plan.store
        # A run in which nothing started has left nothing; its folder makes it a run without records.
        (store / plan.lifecycle / run_id).mkdir(parents=True, exist_ok=True)
    found = outcome(plan, Runs(plan.lifecycle, plan.store, project), run_id)
    return Outcome(
        found.status,
        {
            step_id: Done(
                step.status,
                step.attempts,
                {name: output["digest"] for name, output in step.outputs.items()},
                {name: _digests(given) for name, given in step.record["inputs"].items()} if step.record else {},
                dict(step.record["with"]) if step.record else {},
            )
            for step_id, step in found.steps.items()
        },
    )


def _digests(given: Any) -> Any:
    return given["digest"] if isinstance(given, Mapping) else [one["digest"] for one in given]
