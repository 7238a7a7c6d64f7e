"""Runs plans here, as `mlspec run` does.

In: a project, a plan and parameters. Out: an `EngineRun`. Owns nothing; the cache is left out, for the other engines have none.
Change it when the runner's interface changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlspec.plan.model import Json, Plan
from mlspec.runner import run as run_here
from tests.engines import EngineRun


def run(project: Path, plan: Plan, params: Mapping[str, Json] | None = None) -> EngineRun:
    """Run a plan in `project`; raises what `mlspec.runner.run` raises."""
    outcome = run_here(plan, project, params=params, cache=False)
    assert outcome.status in ("succeeded", "failed"), outcome.status
    return EngineRun("succeeded" if outcome.status == "succeeded" else "failed", outcome.run_id)
