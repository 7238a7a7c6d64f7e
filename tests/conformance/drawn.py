"""A lifecycle as the generator draws it: a plain description, before it is YAML.

In and out: JSON values. Owns the words that the generator, the oracle and the renderer share; never what they mean when they
run (see `oracle`). Change it when the generator learns a feature.

A *tree* is a JSON value whose places are `{"$": address}` for a value that keeps its type, and `{"+": [text or place, …]}` for a
text with values in it. A *condition* is one of

    ["compare", address, operator, literal]     operator: == != < <= > >=
    ["holds", address]                          of a boolean
    ["size", address, count]                    of a list or a text
    ["and", a, b]   ["or", a, b]   ["not", a]
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypedDict

Tree = Any
Condition = list[Any]
DATES = {"run.date": "2026-11-30T03:00:00Z", "run.day": "2026-11-30"}
"""What the time that a run is for looks like: engines have their own, and so only its length is held to anything."""


class Param(TypedDict, total=False):
    type: str
    default: Any
    given: Any
    """What the run overrides it with, if it does; in a few specs one that the parameter does not take."""
    long: dict[str, Any] | None
    """Further keys of its long form, its limits among them; None for the short form."""


class Fault(TypedDict, total=False):
    """The first `count` attempts fail; of the instance whose first matrix key, or item, has the text `only`, if that is said.

    Who vanishes ends the step process itself, and is not started again (`retry: {lost: 0}`).
    """

    count: int
    how: Literal["exit", "skip_code", "kill", "half", "missing", "bad_json", "timeout", "vanish"]
    only: str


class Step(TypedDict, total=False):
    body: Literal["run", "call", "gate"]
    description: str
    stage: str
    needs: list[str]
    inputs: dict[str, Any]
    """Name → address, or `{"path": file}`."""
    outputs: dict[str, str]
    files: dict[str, str]
    """What outputs call their files."""
    folders: list[str]
    """Outputs that are folders."""
    writes: dict[str, str]
    """A `metrics` or `values` output → the name in `with` whose value it gets."""
    values: dict[str, Tree]
    """`with`."""
    styles: dict[str, str]
    """How a script reads a value: plain, quoted, variable, document."""
    prints: list[str]
    """Addresses that the script reads directly."""
    env: dict[str, Tree]
    """Plain variables, over those of the lifecycle; each tree is a text, or a place."""
    secrets: list[str]
    fault: Fault
    limit: int
    when: Condition
    gate: list[Condition]
    otherwise: Literal["stop", "skip"]
    run_if: Literal["failure", "always"]
    matrix: dict[str, list[Any]]
    include: list[dict[str, Any]]
    exclude: list[dict[str, Any]]
    foreach: Any
    """A list, or the address of one: of an output, or of a parameter."""
    each: str
    """Another step with instances, with which its own are paired."""
    parallel: int


class Life(TypedDict, total=False):
    name: str
    description: str
    labels: dict[str, str]
    on_failure: Literal["stop", "continue"]
    params: dict[str, Param]
    files: dict[str, str]
    """Files of the project, by path."""
    env: dict[str, Tree]
    """The plain variables of the environment, which the functions run in; they read parameters alone."""
    secrets: dict[str, str]
    """What each secret holds when it runs, of a login the password; a step that is handed nothing fails before it starts."""
    steps: dict[str, Step]
    finals: dict[str, Step]


KINDS: dict[str, Literal["file", "login"]] = {"key": "file", "no": "login"}
"""What secrets of these names are; all others are texts."""


def variable_of(secret: str) -> str:
    """The environment variable in which a step finds a secret: of a file its path, of a login the password."""
    return f"HIDDEN_{secret.upper()}"


def user_variable_of(secret: str) -> str:
    """That in which it finds the user of a login."""
    return f"{variable_of(secret)}_USER"


def user_of(secret: str) -> str:
    """Who logs in."""
    return f"pw-user-{secret}"


def variables_of(step: Step, env: dict[str, Tree]) -> dict[str, Tree]:
    """The plain variables that a body prints; `env` are those of the environment."""
    return (env if step["body"] == "call" else {}) | step.get("env", {})


def text_of(value: Any) -> str:
    """The text form of a value: a string as it is, everything else compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
