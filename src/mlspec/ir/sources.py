"""Where what a step reads comes from: outputs of other steps, files of the project, data elsewhere.

In: nothing but values. Out: frozen dataclasses that a step's `inputs`, `values` and `foreach` hold.
Owns the ways to name data between steps; never reads any, and knows nothing of a store's folders.
Change it when there is another place that an input may come from.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlspec.terms import OutputType


@dataclass(frozen=True, slots=True)
class StepOutput:
    """An output of one step, or of all instances of a `matrix` or `foreach` step (`many`).

    `steps` are step ids in matrix order; one of them unless `many`. A `foreach` step is one id whose instances are known
    only when it runs (`dynamic`); unless `many`, that of the reader's own number is meant.
    """

    steps: tuple[str, ...]
    output: str
    type: OutputType
    many: bool = False
    dynamic: bool = False
    file: str = ""
    """What its file is called, if not as the output."""

    @property
    def file_name(self) -> str:
        """What its file or folder is called in the store."""
        return self.file or self.output


@dataclass(frozen=True, slots=True)
class AnyOutput:
    """Outputs of one type, of which the first in this order is taken whose step succeeded."""

    sources: tuple[StepOutput, ...]


@dataclass(frozen=True, slots=True)
class ProjectPath:
    """A file or folder in the repository, relative to the project root, with forward slashes."""

    path: str

    @property
    def place(self) -> str:
        """What a lock calls it."""
        return self.path


@dataclass(frozen=True, slots=True)
class ExternalUri:
    """Data elsewhere: any URI that fsspec opens."""

    uri: str

    @property
    def place(self) -> str:
        """What a lock calls it."""
        return self.uri


@dataclass(frozen=True, slots=True)
class Input:
    """A named input of a step and where it comes from."""

    name: str
    source: StepOutput | AnyOutput | ProjectPath | ExternalUri


@dataclass(frozen=True, slots=True)
class Value:
    """A `metrics` or `values` output that an expression of a step reads, under its address (`train.metrics`)."""

    address: str
    source: StepOutput
