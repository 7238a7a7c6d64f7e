"""One pipeline while it is checked: its steps, wired, and their order.

In: a scope and its wired steps. Out: what checks read. Owns nothing but that view; never reports.
Change it when checks need to see more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mlspec.planning.resolve import Reads
from mlspec.planning.scope import Scope
from mlspec.planning.wiring import Wired
from mlspec.spec.loaded import Spec


@dataclass
class Pipeline:
    """The lifecycle's own pipeline, or the monitor's."""

    scope: Scope
    wired: Mapping[str, Wired]
    order: list[str] = field(default_factory=list)
    """Topological; without the sections that have a cycle."""
    retrain: Reads | None = None

    @property
    def spec(self) -> Spec:
        """The spec it is a part of."""
        return self.scope.spec

    @cached_property
    def steps(self) -> list[str]:
        """Names of the steps, in the order of the file."""
        return [name for name, named in self.scope.steps.items() if not named.final]

    @cached_property
    def finals(self) -> list[str]:
        """Names of the `finally` steps, in the order of the file."""
        return [name for name, named in self.scope.steps.items() if named.final]
