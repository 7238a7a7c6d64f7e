"""`matrix:`: the combinations that a step runs once for each of.

In: lists by key, and `include` and `exclude` beside them. Out: a frozen `Matrix` that knows its combinations, in order. Owns what
belongs to one; whether each entry does something is checked in `mlspec.planning.checks.matrices`.
Change it when combinations are written in another way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from itertools import product
from math import prod
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field

from mlspec.expr.values import as_text, is_a
from mlspec.spec.base import Section
from mlspec.spec.scalars import Identifier, Json

Scalar = str | int | float | bool
Element = Scalar | dict[str, Json]
Entry = dict[Identifier, Element]

MAX_COMBINATIONS = 10_000
"""Of the lists, before any is excluded: more are not put together."""


class Combination(NamedTuple):
    """One instance: a value for each key, and of those that are mappings the number of their place."""

    values: tuple[Json, ...]
    places: tuple[int, ...]

    @property
    def label(self) -> tuple[str, ...]:
        """How each value is named in the instance's id."""
        places = iter(self.places)
        return tuple(str(next(places)) if isinstance(value, dict) else as_text(value) for value in self.values)


class Matrix(Section):
    """One instance for each combination."""

    lists: dict[Identifier, list[Element]] = Field(alias="all-lists")
    include: list[Entry] = Field(default_factory=list)
    exclude: list[Entry] = Field(default_factory=list)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of every combination: those with lists, or else those of the first that is included."""
        return tuple(self.lists) or tuple(self.include[0] if self.include else ())

    @property
    def size(self) -> int:
        """How many combinations the lists make."""
        return prod(map(len, self.lists.values())) if self.lists else 0

    @cached_property
    def combinations(self) -> tuple[Combination, ...]:
        """All instances, the first key outermost, those that are included last. Nothing where the lists make too many."""
        if max(self.size, len(self.include)) > MAX_COMBINATIONS:
            return ()
        return tuple([Combination(values, tuple(self._places(values))) for values in self._values()])

    def _values(self) -> Iterator[tuple[Json, ...]]:
        for values in product(*self.lists.values()) if self.lists else ():
            if not any(self.matches(entry, values) for entry in self.exclude):
                yield values
        for entry in self.include:
            if entry.keys() == set(self.keys):
                yield tuple(entry[key] for key in self.keys)

    def matches(self, entry: Entry, values: tuple[Json, ...]) -> bool:
        """Whether a combination has all values of an entry."""
        mine = dict(zip(self.keys, values, strict=True))
        return all(key in mine and same(value, mine[key]) for key, value in entry.items())

    def elements(self, key: str) -> list[Json]:
        """Every value of a key, once: those of its list, then those that are only included."""
        return self._elements[key]

    @cached_property
    def _elements(self) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {key: list(self.lists.get(key, ())) for key in self.keys}
        for entry in self.include:
            for key, known in found.items():
                if key in entry and not any(same(entry[key], other) for other in known):
                    known.append(entry[key])
        return found

    def _places(self, values: tuple[Json, ...]) -> Iterator[int]:
        for key, value in zip(self.keys, values, strict=True):
            if isinstance(value, dict):
                yield next(place for place, other in enumerate(self._elements[key]) if same(value, other))


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal: a number may be written in two ways, and no boolean is one; mappings are equal by their text."""
    if is_a(one, "number") and is_a(other, "number"):
        return bool(one == other)
    return type(one) is type(other) and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class _Matrix(Section):
    """One instance for each combination of the lists' values, less those that are excluded, and those that are included."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[Element]]

    include: list[Entry] = Field(
        default_factory=list,
        description="Combinations that are added at the end, each with all keys.",
        examples=[[{"depth": 8, "loss": "log"}]],
    )
    exclude: list[Entry] = Field(
        default_factory=list,
        description="Combinations that are left out: those with all values of an entry.",
        examples=[[{"depth": 4, "loss": "hinge"}]],
    )


def _parted(value: Any) -> Any:
    """Part the lists from what stands beside them."""
    if not isinstance(value, dict):
        return value
    beside = {key: value[key] for key in ("include", "exclude") if key in value}
    return {"all-lists": {key: item for key, item in value.items() if key not in beside}, **beside}


AnyMatrix = Annotated[Matrix, BeforeValidator(_parted, json_schema_input_type=_Matrix)]
