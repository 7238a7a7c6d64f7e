"""What the addresses of one pipeline can name.

In: a validated spec and the section of it that is a pipeline. Out: a `Scope`: steps with their outputs, parameters.
Owns the table that wiring and expressions look names up in; never reports. Change it when there is more to name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlspec.library import load
from mlspec.spec.loaded import Spec
from mlspec.spec.step import Step

if TYPE_CHECKING:
    from mlspec.library.model import LibraryStep
    from mlspec.terms import OutputType, Stage

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A step as others see it."""

    name: str
    step: Step
    path: Path
    """Its place in the spec: `("steps", "train")`."""
    final: bool
    library: LibraryStep | None
    """The library step that it uses, if there is one of that name."""
    outputs: Mapping[str, OutputType]
    """Its outputs by name: its own, or those that the library gives it."""

    @property
    def stage(self) -> Stage:
        """Its own stage; where it says none, that of its library step."""
        written = "stage" in self.step.model_fields_set
        return self.library.stage if self.library is not None and not written else self.step.stage

    @property
    def stage_given(self) -> bool:
        """Whether it or its library step says the stage."""
        return self.library is not None or "stage" in self.step.model_fields_set

    @property
    def many(self) -> bool:
        """Whether who reads it reads a list."""
        return self.step.matrix is not None or self.step.foreach is not None


@dataclass(frozen=True)
class Scope:
    """The names of one pipeline: the lifecycle's own, or the monitor's."""

    spec: Spec
    base: Path
    """Where the pipeline's sections are: `()` or `("monitor",)`."""

    @cached_property
    def steps(self) -> Mapping[str, Named]:
        """All steps by name, in the order of the file."""
        lifecycle = self.spec.lifecycle
        if self.base:
            monitor = lifecycle.monitor
            items = monitor.steps.items() if monitor else ()
            return {name: _named(name, step, ("monitor", "steps")) for name, step in items}
        own = {name: _named(name, step, ("steps",)) for name, step in lifecycle.steps.items()}
        last = {name: _named(name, step, ("finally",), final=True) for name, step in lifecycle.finally_.items()}
        return {**last, **own}


def _named(name: str, step: Step, section: Path, *, final: bool = False) -> Named:
    """Look up what a step's library step gives it."""
    try:
        library = load(step.uses) if step.uses is not None else None
    except KeyError:
        library = None
    outputs = step.outputs if library is None else {output: port.type for output, port in library.outputs.items()}
    return Named(name, step, (*section, name), final, library, outputs)
