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
from typing import TypeAlias

from mlspec.diagnostics import Span
from mlspec.ir.bodies import Approval, Call, Gate, Instance, Output, Retry, Shell, Uses
from mlspec.terms import Json, OnFailure, OutputType, ParamType, RunIf, Stage


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed run parameter. Its default always satisfies its own constraints."""

    name: str
    type: ParamType
    default: Json
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Json, ...] = ()
    pattern: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """What a step needs around it. Nothing but `pythonpath` set means: nothing to build."""

    name: str
    python: str | None = None
    requirements: tuple[str, ...] = ()
    image: str | None = None
    pythonpath: tuple[str, ...] = ()
    span: Span | None = None
    image_span: Span | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret; never its value. `env` names the variable in which the step finds it."""

    name: str
    env: str
    forms: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Where it is kept, by the key that says so; targets declare these keys and what stands below each."""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class StepOutput:
    """An output of one step, or of all instances of a `matrix` or `foreach` step (`many`).

    `steps` are step ids in matrix order; one of them unless `many`. A `foreach` step is one id whose instances are known
    only when it runs (`dynamic`).
    """

    steps: tuple[str, ...]
    output: str
    type: OutputType
    many: bool = False
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class ProjectPath:
    """A file or folder in the repository, relative to the project root, with forward slashes."""

    path: str


@dataclass(frozen=True, slots=True)
class ExternalUri:
    """Data elsewhere: any URI that fsspec opens."""

    uri: str


@dataclass(frozen=True, slots=True)
class Input:
    """A named input of a step and where it comes from."""

    name: str
    source: StepOutput | ProjectPath | ExternalUri


@dataclass(frozen=True, slots=True)
class Value:
    """A `metrics` or `values` output that an expression of a step reads, under its address (`train.metrics`)."""

    address: str
    source: StepOutput


NO_RETRY = Retry()

Body: TypeAlias = Shell | Call | Uses | Gate | Approval


@dataclass(frozen=True, slots=True)
class Resources:
    """Kubernetes quantities as written (`2`, `500m`, `4Gi`); `gpu` is a count."""

    cpu: str | None = None
    memory: str | None = None
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class ForEach:
    """A fan-out over a list that is known only when it runs; `field` is the path below the `values` output."""

    source: Value | None
    field: tuple[str, ...]
    literal: tuple[Json, ...] = ()
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
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
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    values: tuple[Value, ...] = ()
    """What its expressions (with, run, gate, when) read of other steps."""
    params: tuple[str, ...] = ()
    """Names of the run parameters its expressions read, sorted."""
    with_: tuple[tuple[str, Json], ...] = ()
    """Values as written; strings may hold `${{ }}` placeholders."""
    when: str | None = None
    """CEL."""
    run_if: RunIf = "success"
    retry: Retry = NO_RETRY
    timeout: float | None = None
    """Seconds that one attempt may take."""
    resources: Resources = Resources()
    environment: str | None = None
    image_environment: str | None = None
    """Of a gate or an approval, which need no environment: the one that it names for its image alone."""
    image: str | None = None
    """The image it runs in where steps run in containers; None where the plan gives none, and until `lowering` has filled it."""
    secrets: tuple[str, ...] = ()
    cache: bool = True
    instance: Instance | None = None
    parallel: int | None = None
    """How many instances of its matrix may run at once."""
    foreach: ForEach | None = None
    extensions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """What only one target has, by target name (`x-NAME` in the spec)."""
    span: Span | None = None
    """Its key in the spec."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a pipeline starts by itself."""

    cron: str
    timezone: str = "UTC"
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Whom to tell of which events; `to` is the spec's mapping."""

    events: tuple[str, ...]
    to: Mapping[str, Json]
    span: Span | None = None


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
    schedule: Schedule | None = None
    notifications: tuple[Notification, ...] = ()
    governance: Mapping[str, Json] = field(default_factory=dict)
    monitor: Monitor | None = None
    target_options: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """The spec's `targets:` section, by target; validated by the target itself."""
    option_spans: Mapping[str, Span] = field(default_factory=dict)
    """Where the spec has each value of that section, by its place in it: `kubeflow.image`."""

    def all_steps(self) -> tuple[Step, ...]:
        """Return the steps and then the `finally` steps."""
        return self.steps + self.finals

    @cached_property
    def by_id(self) -> Mapping[str, Step]:
        """Every step by its id."""
        return {step.id: step for step in self.all_steps()}

    def param(self, name: str) -> Parameter:
        """Return a parameter by name; raises `KeyError` when there is none."""
        return self._params[name]

    @cached_property
    def _params(self) -> Mapping[str, Parameter]:
        return {parameter.name: parameter for parameter in self.params}
