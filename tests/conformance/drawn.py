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


class Param(TypedDict, total=False):
    type: str
    default: Any
    given: Any
    """What the run overrides it with, if it does."""
    long: dict[str, Any] | None
    """Further keys of its long form; None for the short form."""


class Fault(TypedDict, total=False):
    """The first `count` attempts fail; of the instance whose first matrix key, or item, has the text `only`, if that is said."""

    count: int
    how: Literal["exit", "skip_code", "kill", "half", "missing", "bad_json", "timeout"]
    only: str


class Step(TypedDict, total=False):
    body: Literal["run", "call", "gate"]
    description: str
    stage: str
    needs: list[str]
    inputs: dict[str, Any]
    """Name → address, or `{"path": file}`."""
    outputs: dict[str, str]
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
    secrets: list[str]
    fault: Fault
    limit: int
    when: Condition
    gate: list[Condition]
    otherwise: Literal["stop", "skip"]
    run_if: Literal["failure", "always"]
    matrix: dict[str, list[Any]]
    foreach: Any
    """A list, or the address of one."""
    parallel: int


class Life(TypedDict, total=False):
    name: str
    description: str
    labels: dict[str, str]
    on_failure: Literal["stop", "continue"]
    params: dict[str, Param]
    files: dict[str, str]
    """Files of the project, by path."""
    secrets: dict[str, str]
    """What each secret holds when it runs; a step that is handed nothing fails before it starts."""
    steps: dict[str, Step]
    finals: dict[str, Step]


def variable_of(secret: str) -> str:
    """The environment variable in which a step finds a secret."""
    return f"HIDDEN_{secret.upper()}"


def text_of(value: Any) -> str:
    """The text form of a value: a string as it is, everything else compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
