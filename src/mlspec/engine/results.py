"""What became of a run: the values that `mlspec run` and `mlspec runs show` tell of, and that notebooks look at.

In: states and records of steps. Out: a `RunOutcome`: its JSON, its tables, its outputs and metrics by address.
Owns the JSON of `mlspec runs show`; never finds out how a run ended (see `outcome`).
Change it when more of a record should be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlspec.store.filesystem import is_remote
from mlspec.store.records import Record
from mlspec.store.runs import Runs
from mlspec.tables import Table, as_html, as_text
from mlspec.terms import Json, RunStatus, StepStatus


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What became of a step. `record` is None for one that never started."""

    status: StepStatus
    record: Record | None = None

    @property
    def attempts(self) -> int:
        """How often its body was started."""
        return int(self.record["attempts"]) if self.record else 0

    @property
    def error(self) -> str:
        """Why it has failed, in a line; what left no record has vanished."""
        if self.record is None:
            return "its process has vanished" if self.status == "failed" else ""
        return str(self.record.get("error") or "").partition("\n")[0]

    @property
    def outputs(self) -> Mapping[str, Mapping[str, str]]:
        """Output name to `{"uri", "digest", "type"}`."""
        return self.record["outputs"] if self.record else {}


@dataclass(frozen=True, slots=True)
class RunWarning:
    """Something that could not be done beside steps and failed none of them: they were not logged to MLflow, not cached."""

    message: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        shown, more = self.steps[:_NAMED], len(self.steps) - _NAMED
        return f"{', '.join(shown)}{f' and {more} more' if more > 0 else ''}: {self.message}"


_NAMED = 3
"""How many steps a line names."""


class Results(Table[Any]):
    """What a run made or measured, by address."""

    def __init__(self, title: str, values: Mapping[str, Any]) -> None:
        super().__init__(title, ("address", "value"), values, lambda address, value: (address, str(value)))


@dataclass(frozen=True, slots=True, repr=False)
class RunOutcome:
    """What became of a run. `steps` has an entry for every instance, in the order of the plan; `problems` says why it has failed
    where no step has.
    """

    run_id: str
    status: RunStatus
    steps: Mapping[str, StepOutcome]
    manifest: Mapping[str, Json] | None = field(default=None, repr=False)
    warnings: tuple[RunWarning, ...] = ()
    """What could not be done beside the steps, each message once."""
    problems: tuple[str, ...] = ()
    runs: Runs | None = field(default=None, repr=False, compare=False)

    @property
    def outputs(self) -> Results:
        """Where each output is, by its address: a `pathlib.Path`, or in a remote store its URI.

        >>> mlspec.run(plan).outputs["train.model"]         # doctest: +SKIP
        PosixPath('/project/.mlspec/store/credit-default/20261130-030000-1a2b/train/model')
        """
        made = (
            (f"{step_id}.{name}", output["uri"])
            for step_id, step in self.steps.items()
            for name, output in step.outputs.items()
        )
        return Results(self._title("outputs"), {address: self._place(uri) for address, uri in made})

    @property
    def metrics(self) -> Results:
        """All numbers of `metrics` outputs by their addresses. Raises `StoreError` when one of these files is gone.

        >>> mlspec.run(plan).metrics["evaluate.metrics.auc"]        # doctest: +SKIP
        0.83
        """
        found: dict[str, Any] = {}
        for step_id, step in self.steps.items():
            for name, output in step.outputs.items():
                if output["type"] == "metrics" and self.runs is not None:
                    numbers = self.runs.read_uri(output["uri"])
                    found |= {f"{step_id}.{name}.{metric}": number for metric, number in numbers.items()}
        return Results(self._title("metrics"), found)

    def __repr__(self) -> str:
        return as_text(self._title(self.status), self._rows())

    def _repr_html_(self) -> str:
        return as_html(self._title(self.status), ("step", "state", "attempts", ""), self._rows())

    def _title(self, what: str) -> str:
        return f"run {self.run_id} {what}"

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [(step_id, step.status, str(step.attempts), step.error) for step_id, step in self.steps.items()]

    def _place(self, uri: str) -> Path | str:
        return uri if is_remote(uri) or self.runs is None else self.runs.path(uri)

    def as_json(self) -> Json:
        """The value that `mlspec runs show --format json` prints."""
        steps = {
            step_id: {"status": step.status, "attempts": step.attempts, "outputs": dict(step.outputs)}
            for step_id, step in self.steps.items()
        }
        shown: Json = {"run_id": self.run_id, "status": self.status, "steps": steps}
        if self.problems:
            shown["problems"] = list(self.problems)
        if self.warnings:
            shown["warnings"] = [{"message": warning.message, "steps": list(warning.steps)} for warning in self.warnings]
        return shown
