"""Where what a step reads comes from: outputs of other steps, files of the project, data elsewhere.

In: nothing but values. Out: named tuples that a step's `inputs`, `values` and `foreach` hold: a plan makes thousands, each three times
as fast as a frozen dataclass. Owns the ways to name data between steps; never reads any, and knows nothing of a store's folders.
Change it when there is another place that an input may come from.
"""

from __future__ import annotations

from typing import NamedTuple

from mlspec.ir.bodies import of_its_kind
from mlspec.terms import OutputType


@of_its_kind
class StepOutput(NamedTuple):
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


@of_its_kind
class AnyOutput(NamedTuple):
    """Outputs of one type, of which the first in this order is taken whose step succeeded."""

    sources: tuple[StepOutput, ...]


@of_its_kind
class ProjectPath(NamedTuple):
    """A file or folder in the repository, relative to the project root, with forward slashes."""

    path: str

    @property
    def place(self) -> str:
        """What a lock calls it."""
        return self.path


@of_its_kind
class ExternalUri(NamedTuple):
    """Data elsewhere: any URI that fsspec opens."""

    uri: str

    @property
    def place(self) -> str:
        """What a lock calls it."""
        return self.uri


@of_its_kind
class Input(NamedTuple):
    """A named input of a step and where it comes from."""

    name: str
    source: StepOutput | AnyOutput | ProjectPath | ExternalUri


@of_its_kind
class Value(NamedTuple):
    """A `metrics` or `values` output that an expression of a step reads, under its address (`train.metrics`)."""

    address: str
    source: StepOutput
