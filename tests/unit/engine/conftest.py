"""Real runs: a plan, a project folder, real step processes; every run is read back from its records alone as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlspec.engine import RunOutcome, Runs, outcome, run
from mlspec.engine.events import Event, StepEnded, StepOutput, StepStarted
from mlspec.ir.model import Plan
from mlspec.store import layout


@dataclass
class Ran:
    """A run that is over, and what it said on the way."""

    outcome: RunOutcome
    events: list[Event]

    @property
    def states(self) -> dict[str, str]:
        return {step_id: step.status for step_id, step in self.outcome.steps.items()}

    @property
    def started(self) -> list[str]:
        return [event.step for event in self.events if isinstance(event, StepStarted)]

    @property
    def ended(self) -> dict[str, StepEnded]:
        return {event.step: event for event in self.events if isinstance(event, StepEnded)}

    def said(self, step: str) -> list[str]:
        return [event.line for event in self.events if isinstance(event, StepOutput) and event.step == step]

    def record(self, step: str) -> Any:
        return self.outcome.steps[step].record


@dataclass
class Project:
    """A folder to run plans in."""

    folder: Path

    def run(self, plan: Plan, *, on_event: Callable[[Event], None] | None = None, **options: Any) -> Ran:
        events: list[Event] = []

        def note(event: Event) -> None:
            events.append(event)
            if on_event is not None:
                on_event(event)

        ran = Ran(run(plan, self.folder, on_event=note, **options), events)
        if "only" not in options:
            self._read_back(plan, ran)
        return ran

    def runs(self, plan: Plan) -> Runs:
        return Runs(plan.lifecycle, plan.store, self.folder)

    def read(self, plan: Plan, ran: Ran, step: str, output: str) -> str:
        return (self.folder / ran.outcome.steps[step].outputs[output]["uri"]).read_text("utf-8")

    def write(self, name: str, text: str = "") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def _read_back(self, plan: Plan, ran: Ran) -> None:
        """Without its manifest a run is like one of an orchestrator, and must be told alike."""
        runs = self.runs(plan)
        manifest = runs.manifest(ran.outcome.run_id)
        assert manifest is not None
        runs.store.remove(layout.manifest(runs.records(ran.outcome.run_id).run))
        assert outcome(plan, runs, ran.outcome.run_id).as_json() == ran.outcome.as_json()
        runs.write_manifest(ran.outcome.run_id, manifest)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
