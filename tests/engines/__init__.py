"""The real orchestrators that tests run generated pipelines on, one module each.

In: a project folder, a plan, its generated files and run parameters. Out: an `EngineRun`.
Owns how each engine is started, kept and ended; never judges what a run did: its step records say that.
To add one: a module with a `run(project, plan, files, params)` and a marker in `tests/conftest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class EngineRun:
    """How the orchestrator itself says that a run ended, and the run's id in the store."""

    status: Literal["succeeded", "failed"]
    run_id: str
