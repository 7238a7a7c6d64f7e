"""The command line of each step process that a local run starts.

In: a step of the plan and what is known of the run. Out: words for `mlspec exec`, and what its expressions would read.
Owns which options depend on the run and not on the step alone; never starts anything.
Change it when the step process must be told more about a local run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlspec.engine.frontier import Task
from mlspec.environments.identity import identity
from mlspec.exec.evaluation import Scope
from mlspec.expr.values import as_text, compact
from mlspec.invocation.from_plan import Words, cacheable, step_options
from mlspec.invocation.parse import Options, parse
from mlspec.ir.model import Gate, Input, Plan, Step, StepOutput, Value
from mlspec.store.runs import Runs
from mlspec.terms import Json

Uris = Callable[[StepOutput], list[str]]
"""Where the outputs are that a step reads."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Makes the command lines of one run. `pythons` has an interpreter for each environment that needs its own."""

    plan: Plan
    runs: Runs
    run_id: str
    params: Mapping[str, Json]
    uris: Uris
    cache: bool = True
    pythons: Mapping[str, Path] = field(default_factory=dict)

    def words(self, task: Task, item: Json, run_status: str | None) -> list[str]:
        """Return the whole command of a step process; `item` is for instances of a `foreach`."""
        step = self.plan.by_id[task.step]
        words = [sys.executable, "-P", "-m", "mlspec", "exec", *self._run_words(run_status)]
        if task.index is not None:
            words += ["--instance", str(task.index), "--item", compact(item)]
        if self.cache and cacheable(self.plan, step):
            words.append("--cache")
        python = self.pythons.get(step.environment or "")
        words += ["--python", str(python)] if python else []
        options = step_options(self.plan, step, uri_of=lambda _, source: self.uris(source))
        return [*words, *self._empty_lists(step), *(word for group in options for word in self._told(group))]

    def options(self, step: Step, run_status: str | None) -> Options:
        """Return the options of a step that has no process of its own, for its record and its `when`."""
        bare = replace(step, body=Gate(("true",), "stop"), outputs=())
        options = step_options(
            self.plan,
            bare,
            uri_of=lambda _, source: self.uris(source),
            param_text=lambda name: as_text(self.params[name]),
        )
        return parse([*self._run_words(run_status), *(word for group in options for word in group)])

    def scope(self, options: Options) -> Scope:
        """Return what the expressions of a step without a process read."""
        return Scope(options, lambda _, uri: self.read(uri), lambda: options.run_status or "succeeded")

    def read(self, uri: str) -> Json:
        """Read a JSON output of this run (`run:…`) or of another; raises `StoreError`."""
        return self.runs.records(self.run_id).read_output(uri) if uri.startswith("run:") else self.runs.read_uri(uri)

    def _run_words(self, run_status: str | None) -> list[str]:
        words = ["--lifecycle", self.plan.lifecycle, "--run-id", self.run_id, "--store", self.plan.store]
        words += ["--project", str(self.runs.project), "--spec-digest", self.plan.digest]
        return [*words, "--run-status", run_status] if run_status else words

    def _told(self, group: Words) -> Words:
        """Say what an environment is made of, so that a step made in another one is not taken from the cache."""
        if group[0] != "--environment":
            return group
        made_of = identity(self.plan.environments[group[1]])
        return (group[0], f"{group[1]}@{made_of}") if made_of else group

    def _empty_lists(self, step: Step) -> list[str]:
        """Options for fan-ins of an empty `foreach`: lists that the step's own options cannot name, having no element."""
        words: list[str] = []
        readers: Sequence[Input | Value] = (*step.inputs, *step.values)
        for reader in readers:
            if isinstance(reader.source, StepOutput) and reader.source.dynamic and not self.uris(reader.source):
                option, name = ("--input", reader.name) if isinstance(reader, Input) else ("--value", reader.address)
                words += [option, f"{name}[]="]
        return words
