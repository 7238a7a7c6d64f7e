"""What the addresses of one pipeline can name.

In: a validated spec and the section of it that is a pipeline. Out: a `Scope`: steps with their outputs, parameters.
Owns the table that wiring and expressions look names up in; never reports. Change it when there is more to name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mlspec.expr.instances import chosen
from mlspec.library import load
from mlspec.spec.loaded import Spec
from mlspec.spec.step import Step

if TYPE_CHECKING:
    from mlspec.library.model import LibraryStep
    from mlspec.terms import OutputType, Stage

Path = tuple[str | int, ...]


PAIRED = -1
"""Stands for the instance that is paired with the reader's own."""


class Named(NamedTuple):
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
    files: Mapping[str, str]
    """What files are called that are not called as their outputs."""
    only: int | None = None
    """The number of the one instance of its matrix that is meant: `train[depth=2]`; or `PAIRED`."""
    fan: str | None = None
    """Of a step with `each`: the step whose matrix or list it runs over, which is its own here as well."""

    @property
    def root(self) -> str:
        """What addresses of what it makes begin with in a plan: its name, or that of the one instance."""
        return self.name if self.only is None or self.only == PAIRED else f"{self.name}__{self.only}"

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
        return self.only is None and (self.step.matrix is not None or self.step.foreach is not None)


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
            return _paired({name: _named(name, step, ("monitor", "steps")) for name, step in items})
        own = {name: _named(name, step, ("steps",)) for name, step in lifecycle.steps.items()}
        last = {name: _named(name, step, ("finally",), final=True) for name, step in lifecycle.finally_.items()}
        return _paired({**last, **own})

    def find(self, part: str) -> Named | None:
        """The step, or the one instance, that the first part of an address names; None where there is none, or no one."""
        name, values = chosen(part)
        named = self.steps.get(name)
        if named is None or values is None:
            return named
        found = self.matching(named, values)
        return named._replace(only=found[0]) if len(found) == 1 else None

    def is_paired(self, reader: Named | None, named: Named) -> bool:
        """Whether instances of a reader read one of a step's each: both run over one fan-out, the reader by `each`."""
        return reader is not None and reader.fan is not None and reader.fan in (named.fan, named.name)

    @staticmethod
    def matching(named: Named, values: Mapping[str, str]) -> list[int]:
        """The numbers of the instances of a matrix that have these values."""
        matrix = named.step.matrix
        if matrix is None or not values.keys() <= set(matrix.keys):
            return []
        places = [(matrix.keys.index(key), text) for key, text in values.items()]
        labels = enumerate(one.label for one in matrix.combinations)
        return [index for index, label in labels if all(label[place] == text for place, text in places)]


def _paired(steps: dict[str, Named]) -> dict[str, Named]:
    """Give each step with `each` the matrix or the list that it runs over, where there is one."""
    found = dict(steps)
    for name, named in steps.items():
        root, seen = named, {name}
        while root.step.each is not None and root.step.each in steps and root.step.each not in seen:
            root = steps[root.step.each]
            seen.add(root.name)
        fan = {"matrix": root.step.matrix, "foreach": root.step.foreach}
        if named.step.each is not None and any(over is not None for over in fan.values()) and root.final == named.final:
            found[name] = named._replace(step=named.step.model_copy(update=fan), fan=root.name)
    return found


def _named(name: str, step: Step, section: Path, *, final: bool = False) -> Named:
    """Look up what a step's library step gives it."""
    try:
        library = load(step.uses) if step.uses is not None else None
    except KeyError:
        library = None
    if library is not None:
        outputs = {output: port.type for output, port in library.outputs.items()}
        files = {output: port.file for output, port in library.outputs.items() if port.file}
    else:
        outputs = {output: kind if isinstance(kind, str) else kind.type for output, kind in step.outputs.items()}
        files = {output: kind.path for output, kind in step.outputs.items() if not isinstance(kind, str) and kind.path}
    return Named(name, step, (*section, name), final, library, outputs, files)
