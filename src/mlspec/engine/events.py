"""What happens in a run, as it happens.

Out: frozen events, handed to the caller of `run` one at a time, in its own thread. Owns their vocabulary; never prints.
Change it when whoever watches a run must learn of something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mlspec.terms import Json, RunStatus, StepStatus


@dataclass(frozen=True, slots=True)
class RunWaits:
    """Before the first: as many runs are in progress as may be."""

    why: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    """First of a run. `kept` are steps of a resumed run that have their results already; `steps` are all the others."""

    run_id: str
    steps: tuple[str, ...]
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepNotKept:
    """Before `RunStarted` of a resumed run: a step that had succeeded runs again, for its results are not what they were."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class EnvironmentBuilding:
    """A virtual environment is being made for the first time; it takes seconds to minutes."""

    name: str


@dataclass(frozen=True, slots=True)
class EnvironmentOutput:
    """One line that the installer of an environment wrote."""

    name: str
    line: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step process runs, or an approval waits. `step` is an id: `train`, `train[depth=2]`, `work[0]`."""

    step: str


@dataclass(frozen=True, slots=True)
class StepOutput:
    """One line that the step wrote, without its end."""

    step: str
    line: str


@dataclass(frozen=True, slots=True)
class ApprovalWanted:
    """A person must answer before the run goes on; `answer` is what to type for yes, `refusal` for no; `evidence` what they see."""

    step: str
    message: str
    approvers: tuple[str, ...]
    timeout: float | None
    answer: str
    refusal: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is over, whether it started or not. `seconds` is 0 for one that did not.

    `cached` says that an equal step of an earlier run lent its outputs, and `changes` why none could that nearly might have (as
    in its record); `error` is the record's one line; `log` is where its output was kept, and `command` what was started, if
    it had a process.
    """

    step: str
    status: StepStatus
    attempts: int = 0
    cached: bool = False
    seconds: float = 0.0
    error: str | None = None
    log: str | None = None
    changes: Json = None
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Last of all."""

    run_id: str
    status: RunStatus
    seconds: float


Event: TypeAlias = (
    RunWaits
    | RunStarted
    | StepNotKept
    | EnvironmentBuilding
    | EnvironmentOutput
    | StepStarted
    | StepOutput
    | ApprovalWanted
    | StepEnded
    | RunEnded
)
