"""Several runs side by side: what they were given, what they came to, and where they differ.

In: `RunView`s. Out: sections of rows with a value for each run; of each section those that differ come first. Owns which facts of runs
are compared, and that outputs are compared by their digests. Never renders. Change it when runs should be compared by something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlspec.expr.values import as_text
from mlspec.history import words
from mlspec.history.model import RunView
from mlspec.terms import Json


@dataclass(frozen=True, slots=True)
class Row:
    """A fact, and what it is in each run; None where a run has none."""

    name: str
    values: tuple[Json, ...]
    shown: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether it is not the same in all runs. NaN is the same as NaN."""
        return len({repr(value) for value in self.values}) > 1


@dataclass(frozen=True, slots=True)
class Section:
    """Facts of one kind."""

    title: str
    rows: tuple[Row, ...]

    @property
    def differing(self) -> int:
        """How many of them differ."""
        return sum(row.differs for row in self.rows)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs of one lifecycle. `heads` say when each was made and how it ended."""

    lifecycle: str
    run_ids: tuple[str, ...]
    heads: tuple[Row, ...]
    sections: tuple[Section, ...]


_Facts = Callable[[RunView], Mapping[str, Json]]


def compare(views: Sequence[RunView]) -> Comparison:
    """Lay runs side by side, in their order."""
    kinds: tuple[tuple[str, _Facts, Callable[[Json], str]], ...] = (
        ("Parameters", lambda view: view.params, as_text),
        ("Metrics", lambda view: view.metrics, words.figure),
        ("Code", lambda view: dict(_code(view)), _short),
        ("Data", lambda view: dict(_data(view)), _short),
        ("Environment", lambda view: view.environments, as_text),
        ("Outputs", lambda view: dict(_outputs(view)), _short),
        ("Steps", lambda view: {step.id: step.status for step in view.steps.values()}, as_text),
    )
    sections = (Section(title, _rows(views, facts, form)) for title, facts, form in kinds)
    heads = (
        _row("state", [view.status for view in views], as_text),
        _row("started", [view.started for view in views], lambda value: f"{words.moment(value)} UTC"),
        _row("took", [view.seconds for view in views], words.took),
    )
    return Comparison(
        views[0].lifecycle, tuple(view.run_id for view in views), heads, tuple(section for section in sections if section.rows)
    )


def _rows(views: Sequence[RunView], facts: _Facts, form: Callable[[Json], str]) -> tuple[Row, ...]:
    of_runs = [facts(view) for view in views]
    names = dict.fromkeys(name for found in of_runs for name in found)
    rows = [_row(name, [found.get(name) for found in of_runs], form) for name in names]
    return tuple(sorted(rows, key=lambda row: not row.differs))


def _row(name: str, values: Sequence[Json], form: Callable[[Json], str]) -> Row:
    return Row(name, tuple(values), tuple("" if value is None else form(value) for value in values))


def _code(view: RunView) -> Iterator[tuple[str, Json]]:
    """What the run was made of as a whole, and the definition of each step."""
    yield from ((name.replace("_", " "), value) for name, value in view.code.items())
    yield from ((f"step {step}", meaning) for step, meaning in view.meanings.items())


def _data(view: RunView) -> Iterator[tuple[str, Json]]:
    """What steps read that no step of the run made."""
    made = {file.uri for step in view.steps.values() for file in step.outputs}
    for step in view.steps.values():
        yield from ((f"{step.id}.{file.name}", file.digest or file.uri) for file in step.inputs if file.uri not in made)


def _outputs(view: RunView) -> Iterator[tuple[str, Json]]:
    for step in view.steps.values():
        yield from ((f"{step.id}.{file.name}", file.digest) for file in step.outputs)


def _short(value: Json) -> str:
    return words.digest(value) if isinstance(value, str) and value.startswith("sha256:") else as_text(value)
