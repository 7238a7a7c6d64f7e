"""A key of the language and where it stands.

In: nothing. Out: `Key`. Owns what is known of a key; never reads a schema.
Change it when the reference should say something more of every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlspec.ir.features import Feature
from mlspec.terms import Json


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Names that users choose are left out of `path`: `steps.retry` is that of every step."""

    path: str
    description: str
    type: str
    required: bool = False
    default: Json = None
    examples: tuple[Json, ...] = ()
    placed: tuple[str, ...] = ()
    """The first of `examples` where it stands in a spec, as YAML, and the form with keys of its own, where that is another one."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What each of its words means, where it takes words of a closed set."""
    definitions: tuple[str, ...] = ()
    """The definitions of what it holds, where that has keys of its own; several keys may share one."""
    named: bool = False
    """Whether users choose names below it, or it is a list."""
    features: tuple[Feature, ...] = ()
    """What targets answer for of it."""

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition(".")[2]
