"""What an observer is: the two functions of its module, and what they are given.

In and out: types. Owns what is known of an ended step; never does anything. Immutable, but for what `Ending` and `Records` are.
Standard library only. Change it when observers must know more of a step, and give it where steps end (`exec.main`,
`engine.loop`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from mlspec.invocation.model import Invocation
from mlspec.store.ending import Ending
from mlspec.store.records import Records


class EndedStep(NamedTuple):
    """A step that has ended. Observers read it and the store of its `records`; how it ended is no longer theirs to change."""

    invocation: Invocation
    ending: Ending
    records: Records
    """The records of its run."""
    metrics: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    """The numbers of its `metrics` outputs, by output, as far as they were read."""
    cache_key: str | None = None
    """What it has in common with equal steps; None when the cache was not searched."""
    cache_parts: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """What that key was made of."""
    noticed: tuple[str, ...] = ()
    """What is to be said of its inputs and of the files that it opened, a sentence each."""
    paths: Mapping[str, Path] = MappingProxyType({})
    """Where on this machine is what the record names by a URI, as far as the step had it here."""
    quality: Mapping[str, Any] = MappingProxyType({})
    """What its body says that it found when it checked its inputs."""
    later: bool = False
    """Whoever runs the step has other steps to look after: what takes long is told when they have ended."""
    mask: Callable[[str], str] = str
    """Takes the values of secrets out of a text."""


class Observer(Protocol):
    """A module of this package that is in the list."""

    def applies(self, ended: EndedStep) -> bool:
        """Tell whether there is something to do for this step; quick, and never waits for anybody."""

    def observe(self, ended: EndedStep) -> str | None:
        """Do it. Returns None, or one sentence of warning for the user when it could not be done."""
