"""What a step runs, makes and repeats: the values that plans and step processes share.

In and out: values. Owns what a body, an output, a retry and an instance are; knows neither a plan nor a command line. Named tuples
and not dataclasses, whose import takes longer than the rest of a step's start. Standard library only.
Change it when steps have another kind of body, or say something new of one.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from mlspec.terms import Json, Otherwise, OutputType

_Kind = TypeVar("_Kind", bound=type)


def of_its_kind(kind: _Kind) -> _Kind:
    """Let a named tuple equal only others of its kind: `Shell("x")` is not `Call("x")`."""

    def equal(self: tuple[Any, ...], other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def unequal(self: tuple[Any, ...], other: object) -> bool:
        return not equal(self, other)

    methods: dict[str, Any] = {"__eq__": equal, "__ne__": unequal, "__hash__": tuple.__hash__}
    for name, method in methods.items():
        setattr(kind, name, method)
    return kind


@of_its_kind
class Shell(NamedTuple):
    """`run:` a `/bin/sh -e` script, its `${{ }}` placeholders still in it."""

    script: str


@of_its_kind
class Call(NamedTuple):
    """`call:` a Python function of the user's, `module:function`."""

    function: str


@of_its_kind
class Uses(NamedTuple):
    """`uses:` a step of the library, by name."""

    name: str


@of_its_kind
class Gate(NamedTuple):
    """`gate:` every line (CEL) must hold, else the run stops or what follows is skipped."""

    lines: tuple[str, ...]
    otherwise: Otherwise


@of_its_kind
class Approval(NamedTuple):
    """`approval:` a person decides. `timeout` in seconds; None waits for ever."""

    message: str
    approvers: tuple[str, ...] = ()
    timeout: float | None = None


class Output(NamedTuple):
    """A named output. `path` is where an orchestrator wants it; without one it goes to the store."""

    name: str
    type: OutputType
    path: str | None = None


class Retry(NamedTuple):
    """`limit` counts retries; the delay before attempt k+1 is min(delay * factor^(k-1), max_delay) seconds."""

    limit: int = 0
    delay: float = 0.0
    factor: float = 1.0
    max_delay: float | None = None


class Instance(NamedTuple):
    """One element of a fan-out: its folder number in the store; of a matrix, its values too (`{"depth": 2}`)."""

    index: int  # type: ignore[assignment]  # hides the method of tuples
    values: tuple[tuple[str, Json], ...] = ()
