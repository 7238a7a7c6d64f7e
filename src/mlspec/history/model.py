"""A run as people look at it.

In: nothing but values. Out: frozen dataclasses that `mlspec runs`, its reports and comparisons read. Owns what there is to see of a
run, in terms of the language; never reads a store. Change it when there is something more to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mlspec.engine.results import RunWarning
from mlspec.terms import Json, RunStatus, StepStatus


@dataclass(frozen=True, slots=True)
class File:
    """What a step read or made. `place` is where it is for people, `type` that of an output."""

    name: str
    uri: str
    digest: str | None = None
    type: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """A step, or an instance of one, in a run."""

    id: str
    name: str
    index: int | None
    status: StepStatus
    group: str
    """The step of the outline whose instance it is: of a foreach the id of the step, else its own."""
    attempts: int = 0
    started: str | None = None
    ended: str | None = None
    begins: float | None = None
    """Seconds since the epoch; None where nobody knows."""
    ends: float | None = None
    exit_code: int | None = None
    error: str | None = None
    cached_from: str | None = None
    inputs: tuple[File, ...] = ()
    outputs: tuple[File, ...] = ()
    with_: Mapping[str, Json] = field(default_factory=dict)
    metrics: Mapping[str, Json] = field(default_factory=dict)
    """By `output.metric`."""
    damaged: bool = False
    """Whether its record cannot be read; `error` then says why."""

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        return None if self.begins is None or self.ends is None else max(self.ends - self.begins, 0.0)


@dataclass(frozen=True, slots=True)
class Outlined:
    """What a step was to do and what it waits for, when the run began; of an orchestrator's run, what the spec says now."""

    id: str
    name: str
    kind: str
    logic: str
    stage: str
    upstream: tuple[str, ...] = ()
    final: bool = False
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A question, and its answer: who gave it, when, and what they saw."""

    step: str
    status: str
    message: str
    approvers: tuple[str, ...] = ()
    asked: str = ""
    answered: str = ""
    by: str = ""
    comment: str = ""
    seen: str = ""


@dataclass(frozen=True)
class RunView:
    """A run with all that there is to see of it, but logs and the contents of its outputs."""

    lifecycle: str
    run_id: str
    status: RunStatus
    here: bool
    """Whether `mlspec run` made it; else an orchestrator did."""
    steps: Mapping[str, StepView]
    outline: Mapping[str, Outlined]
    params: Mapping[str, Json] = field(default_factory=dict)
    spec_file: str = ""
    code: Mapping[str, Json] = field(default_factory=dict)
    """What says which spec and which code it was."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """A digest of each step's definition; of runs made here."""
    environments: Mapping[str, Json] = field(default_factory=dict)
    date: str | None = None
    only: str | None = None
    started: str | None = None
    resumed: str | None = None
    ended: str | None = None
    begins: float | None = None
    ends: float | None = None
    approvals: tuple[ApprovalView, ...] = ()
    warnings: tuple[RunWarning, ...] = ()
    problems: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    """What of it cannot be read, a sentence each."""

    @property
    def seconds(self) -> float | None:
        """How long it took from its first start, or has taken so far."""
        return None if self.begins is None or self.ends is None else max(self.ends - self.begins, 0.0)

    def instances(self, group: str) -> tuple[StepView, ...]:
        """The steps that a step of the outline came to: itself, or its instances."""
        return self._groups.get(group, ())

    @cached_property
    def _groups(self) -> Mapping[str, tuple[StepView, ...]]:
        found: dict[str, list[StepView]] = {}
        for step in self.steps.values():
            found.setdefault(step.group, []).append(step)
        return {group: tuple(steps) for group, steps in found.items()}

    @property
    def metrics(self) -> Mapping[str, Json]:
        """All numbers of `metrics` outputs, by address."""
        return {f"{step.id}.{name}": value for step in self.steps.values() for name, value in step.metrics.items()}
