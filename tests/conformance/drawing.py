"""A lifecycle while it is drawn: what has been made of it, and the choices that make more.

In: hypothesis' `draw`. Out: one choice after another. Owns what later steps can read of earlier ones, and how many faults there are
to be; never what is drawn with it. Change it when a step can be read in a new way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.conformance.drawn import Param, Step
from tests.conformance.texts import STEP_NAMES

T = TypeVar("T")


@dataclass
class Source:
    """A step that later ones can read."""

    name: str
    many: bool = False
    fan: tuple[str, Step] | None = None
    """Of one with instances: the step whose matrix or list they go over."""
    files: list[str] = field(default_factory=list)
    """Outputs that an input can read."""
    types: dict[str, str] = field(default_factory=dict)
    """Of those that there are once, their types."""
    instance: str = ""
    """The id of an instance of its matrix that later ones can read alone."""
    kinds: dict[str, str] = field(default_factory=dict)
    """What can be read in an expression: address → number, nan, string, boolean, list, object, missing."""


class Drawing:
    """One lifecycle being drawn."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.params: dict[str, Param] = {}
        self.sources: list[Source] = []
        self.files: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.names = list(draw(st.permutations(STEP_NAMES)))
        self.fan_outs = 0
        self.faults = draw(st.sampled_from([0, 0, 1, 1, 2, 3]))
        self.going_on = draw(st.sampled_from([True, False, False]))

    def one(self, *values: T) -> T:
        """One of the values; what stands there twice is drawn twice as often."""
        found: T = self.draw(st.sampled_from(values))
        return found

    def chance(self, percent: int) -> bool:
        """True in so many cases of a hundred."""
        return bool(self.draw(st.integers(0, 99)) < percent)

    def some(self, values: list[T], most: int) -> list[T]:
        """At most so many of the values, none of them twice."""
        if not values:
            return []
        found: list[T] = self.draw(st.lists(st.sampled_from(values), max_size=most, unique_by=repr))
        return found
