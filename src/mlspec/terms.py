"""The closed vocabularies: every set of words that the language, records and the command line share.

In: nothing. Out: types for static checks, and the words themselves in their documented order. Owns these words; never
decides what one means. Standard library only, for the step process reads it in users' images.
Change it when a vocabulary gains a word; nothing else lists one.
"""

import re
from typing import Any, Final, Literal, TypeAlias, get_args

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""

OutputType = Literal["dataset", "model", "report", "artifact", "metrics", "values"]
OUTPUT_TYPES: Final[tuple[OutputType, ...]] = get_args(OutputType)
FIELD_TYPES: Final[frozenset[OutputType]] = frozenset({"metrics", "values"})
"""The types that hold JSON: expressions read their fields, a `call:` returns them."""
FILE_NAME: Final = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9][A-Za-z0-9._+@-]{0,99}")
"""What an output may call its file: a name that needs no quotes anywhere, and is none of the store's own."""
READ_TYPES: Final[frozenset[OutputType]] = frozenset({"dataset", "values"})
"""The types that are made to be read by a step; the others are results in their own right."""

ParamType = Literal["string", "integer", "number", "boolean", "list", "object"]
PARAM_TYPES: Final[tuple[ParamType, ...]] = get_args(ParamType)
JSON_SCHEMA_TYPES: Final[dict[ParamType, str]] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "list": "array",
    "object": "object",
}
"""What JSON Schema calls the types of parameters."""

Stage = Literal["data", "model", "service"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)

BodyKind = Literal["run", "call", "uses", "gate", "approval"]
BODIES: Final[tuple[BodyKind, ...]] = get_args(BodyKind)

RunIf = Literal["success", "failure", "always"]
OnFailure = Literal["stop", "continue"]
Otherwise = Literal["stop", "skip"]

EndStatus = Literal["succeeded", "failed", "skipped", "blocked"]
"""How a step ends."""
StepStatus = Literal["pending", "running", "succeeded", "failed", "skipped", "blocked"]
"""`pending` and `running` are of runs that have not ended; every step of an ended run has one of the other four."""
RunStatus = Literal["running", "succeeded", "failed", "interrupted"]

LOST: Final = 2
"""How often a step whose process vanished is started again, unless the spec says otherwise."""

LOCKED_VARIABLE: Final = "MLSPEC_LOCKED"
"""Where it is 1, a step fails whose external inputs are not what was locked."""

UTC: Final = "UTC"
"""The time zone of what says none."""
DATE_FIELDS: Final = frozenset({"date", "day"})
"""What expressions read of the time that a run is for, as `run.date` and `run.day`."""
DATE_VARIABLE: Final = "MLSPEC_RUN_DATE"
"""Where step processes find that time, unless `--run-date` says it; what they start does not inherit it."""
RUN_FIELDS: Final = ("id", "date", "day")
"""What expressions of all steps can read of the run; `finally` steps read `run.status`, too."""

Pipeline = Literal["lifecycle", "monitor"]
SecretKind = Literal["text", "file", "login", "registry"]
"""What a secret is: a text, a file, a user with a password, or what images are pulled with."""

QUALITY: Final = "MLSPEC_QUALITY"
"""The variable with the file to which a library step writes what it found when it checked its inputs."""
TRACKERS: Final = ("MLFLOW_", "OPENLINEAGE_")
"""How the variables begin in which the clients of trackers look for credentials."""

GPU_RESOURCE: Final = "nvidia.com/gpu"
"""What Kubernetes calls the accelerators that a step asks for, unless the spec says otherwise."""

Answer = Literal["asked", "approved", "refused", "unanswered", "aborted"]
"""How the question of an approval stands."""
ANSWERS: Final[tuple[Answer, ...]] = get_args(Answer)

Event = Literal["started", "succeeded", "failed", "gate_stopped", "approval_needed", "retrain", "drift"]
"""What notifications tell of."""

Overlap = Literal["queue", "skip", "cancel"]
"""What one more run does than may be in progress: it waits, does not run, or ends the oldest."""

MEANINGS: Final = {
    "dataset": "Rows that steps read.",
    "model": "A trained model: a file or a folder.",
    "report": "A page for people.",
    "artifact": "Any other file or folder.",
    "metrics": "A flat JSON object of numbers; conditions can read its fields.",
    "values": "Any JSON; conditions can read its fields.",
    "data": "Data become data.",
    "service": "Code becomes a service.",
    "stop": "The run fails; no further step starts.",
    "skip": "What follows is skipped; the run goes on.",
    "continue": "Independent branches go on.",
    "success": "All steps before it succeeded.",
    "failure": "One of the steps before it failed or was blocked.",
    "always": "All steps before it have ended, however.",
    "text": "A text, in a variable.",
    "file": "A file; the variable holds its path.",
    "login": "A user and a password, in two variables.",
    "registry": "What images are pulled with; no step sees it.",
    "started": "A run has begun.",
    "succeeded": "A run has ended well.",
    "failed": "A run has failed.",
    "gate_stopped": "A gate did not hold and stopped the run.",
    "approval_needed": "A step waits for an approval.",
    "retrain": "Monitoring starts the lifecycle again.",
    "drift": "Monitoring has found drift.",
}
"""What the words mean where they stand in a spec; editors show it beside each. `model` as a stage is `STAGE_MODEL`."""
STAGE_MODEL: Final = "Data become a model."

DONE: Final = 0
FINDINGS: Final = 1
"""An invalid spec, stale files, a failed run or step."""
USAGE: Final = 2
BUG: Final = 3
RUN_FAILED: Final = 97
"""A `finally` step has ended well, in a run that has not: what runs it again with the rest must see its end as failed."""
BLOCKED: Final = 98
"""The step did not start: the run had stopped, or what it needs has failed."""
NOT_RUN: Final = 99
"""The step process' own verdict: the step was skipped."""
INTERRUPTED: Final = 130
