"""What options of `mlspec exec` say: bodies, outputs, parameters, retries.

In and out: values. Owns the vocabulary of the step process; knows nothing of the plan's, which is for compilers. Named tuples
and not dataclasses, whose import takes longer than the rest of a step's start. Standard library only.
Change it when an option says something new.
"""

from __future__ import annotations

from typing import NamedTuple


class Shell(NamedTuple):
    """A `/bin/sh -e` script, its `${{ }}` placeholders still in it."""

    script: str


class Call(NamedTuple):
    """A Python function of the user's, `module:function`."""

    function: str


class Uses(NamedTuple):
    """A step of the library, by name."""

    name: str


class Gate(NamedTuple):
    """Conditions that must all hold."""

    lines: tuple[str, ...]
    otherwise: str


class Command(NamedTuple):
    """A command and its arguments, with `{inputs.x}`, `{outputs.x}` and `{with.x}` still in them."""

    words: tuple[str, ...]


class Approval(NamedTuple):
    """A question to a person, and how it stands: asked, approved, refused or unanswered (in time); `by` may be empty."""

    answer: str
    by: str


class Items(NamedTuple):
    """The list of a foreach, as an address or JSON, to be printed."""

    source: str


class Joined(NamedTuple):
    """What the instances of the step, which have all ended, came to together."""


Body = Shell | Call | Uses | Gate | Command | Approval | Items | Joined


class Output(NamedTuple):
    """An output: its artifact type, and the path an orchestrator wants it at."""

    type: str
    path: str | None


class Param(NamedTuple):
    """A run parameter: its type, and its text unless the environment has it."""

    type: str
    text: str | None


class Retry(NamedTuple):
    """`limit` counts retries; times are seconds."""

    limit: int = 0
    delay: float = 0.0
    factor: float = 1.0
    max_delay: float | None = None
