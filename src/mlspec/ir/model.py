"""The plan: what a lifecycle is after the language is gone and before an orchestrator is chosen.

In: nothing but values. Out: frozen dataclasses that targets, the engine and reports read.
Owns the vocabulary between the compiler's two halves; never holds YAML, pydantic models or anything of one target
(what only targets know travels as plain JSON in `Plan.target_options`, `Step.extensions` and `Secret.forms`).
Change it when the language gains a meaning that no field here can carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from mlspec.diagnostics import Span
from mlspec.ir.bodies import Approval, Call, Gate, Instance, Output, Retry, Shell, Uses
from mlspec.ir.declarations import Environment, Lock, Notification, Parameter, Resources, Secret
from mlspec.ir.sources import Input, Value
from mlspec.ir.triggers import Catchup, Overlapping, Schedule
from mlspec.terms import (
    DATE_FIELDS,
    UTC,
    Json,
    OnFailure,
    Pipeline,
    RunIf,
    Stage,
)

NO_RETRY = Retry()
NO_RESOURCES = Resources()

Body: TypeAlias = Shell | Call | Uses | Gate | Approval


@dataclass(frozen=True, slots=True)
class ForEach:
    """A fan-out over the list in a `values` output, in a parameter, or in the spec; `field` is the path below either of the first two."""

    source: Value | None
    field: tuple[str, ...]
    literal: tuple[Json, ...] = ()
    parallel: int | None = None
    param: str | None = None
    """The run parameter, where it goes over one."""


@dataclass(frozen=True)
class Step:
    """One process to run (or one gate, or one approval)."""

    id: str
    """Unique in the plan: `train`, or `train[depth=2]` for an instance of a matrix."""
    name: str
    """The key in the spec; all instances of a matrix share it."""
    slug: str
    """Unique Python identifier: `train`, or `train__0` for the first instance."""
    body: Body
    stage: Stage = "model"
    stage_given: bool = True
    """Whether the spec or its library step says the stage; else it is the language's default."""
    description: str = ""
    upstream: tuple[str, ...] = ()
    """Ids of all steps it reads or needs directly, in plan order."""
    groups: tuple[tuple[str, ...], ...] = ()
    """What of `upstream` counts as one, where that is not each step with all its instances: see `ir.groups`."""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    values: tuple[Value, ...] = ()
    """What its expressions (with, run, gate, when) read of other steps."""
    params: tuple[str, ...] = ()
    """Names of the run parameters its expressions read, sorted."""
    run_fields: tuple[str, ...] = ()
    """What its expressions read of the run, sorted: `date` of `run.date`."""
    with_: tuple[tuple[str, Json], ...] = ()
    """Values as written; strings may hold `${{ }}` placeholders."""
    env: tuple[tuple[str, str], ...] = ()
    """Its own variables, over those of its environment; values as written."""
    when: str | None = None
    """CEL."""
    run_if: RunIf = "success"
    retry: Retry = NO_RETRY
    lost_given: bool = False
    """Whether the spec says how often it may be lost; here, where somebody watches, it is started again only then."""
    timeout: float | None = None
    """Seconds that one attempt may take."""
    resources: Resources = NO_RESOURCES
    environment: str | None = None
    image_environment: str | None = None
    """Of a gate or an approval, which need no environment: the one that it names for its image alone."""
    image: str | None = None
    """The image it runs in where steps run in containers; None where the plan gives none, and until `lowering` has filled it."""
    secrets: tuple[str, ...] = ()
    cache: bool = True
    """Whether outputs of an equal step may stand for its own."""
    cache_for: float | None = None
    """Seconds: those that were made longer ago may not."""
    cache_key: str = ""
    """A text, placeholders still in it, that equal steps have in common, too."""
    instance: Instance | None = None
    parallel: int | None = None
    """How many instances of its matrix may run at once."""
    each: str | None = None
    """The step over whose matrix or list it runs, each instance paired with one: it reads that one's outputs alone."""
    pairs: tuple[str, ...] = ()
    """The names of the steps on whose instance of the same number each of its own hangs."""
    foreach: ForEach | None = None
    extensions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """What only one target has, by target name (`x-NAME` in the spec)."""
    span: Span | None = None
    """Its key in the spec."""

    @property
    def reads_date(self) -> bool:
        """Whether it reads the time that the run is for."""
        return bool(self.run_fields) and not DATE_FIELDS.isdisjoint(self.run_fields)

    def changed(self, **fields: object) -> Step:
        """A copy with other fields."""
        return _held(vars(self) | fields)

    @staticmethod
    def of(fields: dict[str, Any]) -> Step:
        """A step of these fields, all others as they are by default."""
        return _held(_BLANK | fields)


def _held(fields: dict[str, Any]) -> Step:
    """A step that has just these fields. Plans have thousands, and a frozen dataclass' `__init__` takes ten times as long."""
    step = object.__new__(Step)
    object.__setattr__(step, "__dict__", fields)
    return step


_BLANK = dict(vars(Step("", "", "", Shell(""))))


@dataclass(frozen=True, slots=True)
class Monitor:
    """The monitoring pipeline as a plan of its own, and the CEL that makes the lifecycle run again."""

    plan: Plan
    retrain: str | None
    values: tuple[Value, ...] = ()
    span: Span | None = None
    """Its key in the spec."""


@dataclass(frozen=True)
class Plan:
    """A whole lifecycle, ready to compile or to run."""

    lifecycle: str
    """What the pipeline is called: with a profile by both."""
    spec_file: str
    """File name of the spec, without a folder."""
    digest: str
    """`sha256:…` of the merged spec's meaning: equal for specs that differ in comments, order of keys or layout only."""
    steps: tuple[Step, ...]
    """In topological order; among equals, in the order of the file."""
    finals: tuple[Step, ...] = ()
    """The `finally` steps, in an order that honours their `needs`."""
    layers: tuple[str, ...] = ()
    """The arguments that lay a profile and values over the spec: `("--profile", "prod")`."""
    profile: str | None = None
    """The profile among them."""
    base: str | None = None
    """What the pipeline is called without it; None without one."""
    pipeline: Pipeline = "lifecycle"
    """Which of its spec's pipelines it is."""
    folder: str | None = field(default=".", compare=False, repr=False)
    """Where the spec is, as it was named: for runs here alone. Nothing that is generated may say it. None where it is not on disk."""
    params: tuple[Parameter, ...] = ()
    environments: Mapping[str, Environment] = field(default_factory=dict)
    default_environment: str | None = None
    """The environment of steps that name none."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    store: str = ".mlspec/store"
    store_span: Span | None = None
    profile_stores: tuple[str, ...] = ()
    """The stores that profiles of the spec set, whether or not one of them is laid over it."""
    on_failure: OnFailure = "stop"
    on_failure_span: Span | None = None
    description: str = ""
    owners: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    tracking_uri: str | None = None
    tracking_experiment: str | None = None
    lineage: str | None = None
    """Where events of OpenLineage go: a URL, or `file:PATH`."""
    lineage_namespace: str | None = None
    schedule: Schedule | None = None
    """The first one, in whose zone days are counted."""
    more_schedules: tuple[Schedule, ...] = ()
    overlap: Overlapping | None = None
    catchup: Catchup | None = None
    notifications: tuple[Notification, ...] = ()
    governance: Mapping[str, Json] = field(default_factory=dict)
    monitor: Monitor | None = None
    target_options: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """The spec's `targets:` section, by target; validated by the target itself."""
    option_spans: Mapping[str, Span] = field(default_factory=dict)
    """Where the spec has each value of that section, by its place in it: `kubeflow.image`."""

    lock: Lock | None = None
    """None where nothing is locked."""

    def option_span(self, option: str) -> Span | None:
        """Where the spec has an option of a target, `kubeflow.image`: of a mapping, where its first entry is."""
        return next((span for path, span in self.option_spans.items() if f"{path}.".startswith(f"{option}.")), None)

    def stem(self, base: str | None = None) -> str:
        """What its files are called, but for a target's suffix; `base` is what stands for the name without a profile there."""
        base = base or self.base or self.lifecycle
        return f"{base}.{self.profile}" if self.profile is not None else base

    @property
    def is_tracked(self) -> bool:
        """Whether its steps tell anybody of their ends."""
        return self.tracking_uri is not None or self.lineage is not None

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """All of them."""
        return (self.schedule, *self.more_schedules) if self.schedule is not None else ()

    def all_steps(self) -> tuple[Step, ...]:
        """Return the steps and then the `finally` steps."""
        return self.steps + self.finals

    @property
    def timezone(self) -> str:
        """The zone of `run.day`: that of the schedule."""
        return self.schedule.timezone if self.schedule is not None else UTC

    @cached_property
    def reads_date(self) -> bool:
        """Whether one of its steps reads the time that the run is for."""
        return any(step.reads_date for step in self.all_steps())

    @cached_property
    def by_id(self) -> Mapping[str, Step]:
        """Every step by its id."""
        return {step.id: step for step in self.all_steps()}

    @cached_property
    def approvals_above(self) -> Mapping[str, frozenset[str]]:
        """The approvals above each step, by the ids of both; empty where there is no approval."""
        found: dict[str, frozenset[str]] = {}
        if not any(isinstance(step.body, Approval) for step in self.steps):
            return found
        for step in self.steps:
            found[step.id] = frozenset[str]().union(
                *(
                    found[above] | ({above} if isinstance(self.by_id[above].body, Approval) else set())
                    for above in step.upstream
                )
            )
        return found

    def param(self, name: str) -> Parameter:
        """Return a parameter by name; raises `KeyError` when there is none."""
        return self._params[name]

    @cached_property
    def _params(self) -> Mapping[str, Parameter]:
        return {parameter.name: parameter for parameter in self.params}
