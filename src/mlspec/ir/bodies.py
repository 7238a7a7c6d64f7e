"""What a step runs, makes and repeats: the values that plans and step processes share.

In and out: values. Owns what a body, an output, a retry and an instance are; knows neither a plan nor a command line. Named tuples
and not dataclasses, whose import takes longer than the rest of a step's start. Standard library only.
Change it when steps have another kind of body, or say something new of one.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from mlspec.expr.values import as_text
from mlspec.terms import LOST, Json, Otherwise, OutputType

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
    """A named output. `path` is where an orchestrator wants it; without one it goes to the store. `file` is what its file is called, if
    not as the output.
    """

    name: str
    type: OutputType
    path: str | None = None
    file: str = ""

    @property
    def file_name(self) -> str:
        """What its file or folder is called where its step makes it, and in the store."""
        return self.file or self.name


class Retry(NamedTuple):
    """`limit` counts retries; the delay before attempt k+1 is min(delay * factor^(k-1), max_delay) seconds.

    `lost` is how often whoever starts the step may start it again when its process vanished.
    """

    limit: int = 0
    delay: float = 0.0
    factor: float = 1.0
    max_delay: float | None = None
    lost: int = LOST

    def longest(self, timeout: float) -> float:
        """How many seconds all attempts may take, of `timeout` each, with the delays between them."""
        total, delay = timeout * (self.limit + 1), self.delay
        for _ in range(self.limit):
            total += delay if self.max_delay is None else min(delay, self.max_delay)
            delay *= self.factor
        return total


class Instance(NamedTuple):
    """One element of a fan-out: its folder number in the store; of a matrix, its values too (`{"depth": 2}`)."""

    index: int  # type: ignore[assignment]  # hides the method of tuples
    values: tuple[tuple[str, Json], ...] = ()
    places: tuple[int, ...] = ()
    """Of the values that are mappings, in order: the number of their place among those of their key."""

    @property
    def label(self) -> str:
        """What the step's id has in brackets: `depth=2,loss=log`, `cfg=0`, or the number of an element."""
        places = iter(self.places)
        texts = [str(next(places, self.index)) if isinstance(value, dict) else as_text(value) for _, value in self.values]
        return ",".join(f"{key}={text}" for (key, _), text in zip(self.values, texts, strict=True)) or str(self.index)
