"""The closed vocabularies: every set of words that the language, records and the command line share.

In: nothing. Out: types for static checks, and the words themselves in their documented order. Owns these words; never
decides what one means. Standard library only, for the step process reads it in users' images.
Change it when a vocabulary gains a word; nothing else lists one.
"""

from typing import Any, Final, Literal, TypeAlias, get_args

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""

OutputType = Literal["dataset", "model", "report", "artifact", "metrics", "values"]
OUTPUT_TYPES: Final[tuple[OutputType, ...]] = get_args(OutputType)
FIELD_TYPES: Final[frozenset[OutputType]] = frozenset({"metrics", "values"})
"""The types that hold JSON: expressions read their fields, a `call:` returns them."""
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

Answer = Literal["asked", "approved", "refused", "unanswered"]
"""How the question of an approval stands."""
ANSWERS: Final[tuple[Answer, ...]] = get_args(Answer)

Event = Literal["started", "succeeded", "failed", "gate_stopped", "approval_needed", "retrain", "drift"]
"""What notifications tell of."""

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
NOT_RUN: Final = 99
"""The step process' own verdict: the step was skipped, or blocked."""
INTERRUPTED: Final = 130
