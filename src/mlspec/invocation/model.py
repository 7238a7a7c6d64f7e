"""What one process of `mlspec exec` is to do, as a value.

In and out: values. Owns the vocabulary of docs/step-process.md; never reads a file, an argument or the environment. Immutable
throughout; named tuples and not dataclasses, whose import takes longer than the rest of a step's start. Standard library only.
Change it when the step process learns something new: a field here, its option in `arguments` and `parse`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from mlspec.expr.values import as_text
from mlspec.ir.bodies import Call, Gate, Instance, Output, Retry, Shell, Uses, of_its_kind
from mlspec.terms import Answer, Json, ParamType


class Run(NamedTuple):
    """Which run it is of, and where that is. `executor_input` is what Kubeflow passes of the task itself (JSON)."""

    lifecycle: str = "lifecycle"
    run_id: str = ""
    store: str = ""
    project: str | None = None
    spec_digest: str | None = None
    executor_input: str | None = None


class Reference(NamedTuple):
    """An input, or the address of a value, and its URI; of a list, the URIs in order."""

    name: str
    uri: str | tuple[str, ...]


class Param(NamedTuple):
    """A run parameter: its type, and its text unless the environment has it."""

    name: str
    type: ParamType
    text: str | None = None


class Item(NamedTuple):
    """The element of a foreach that an instance is for."""

    value: Json


class Wiring(NamedTuple):
    """What goes in and out. `items` is the list of a foreach, as an address or JSON, of which the instance takes its own element."""

    inputs: tuple[Reference, ...] = ()
    outputs: tuple[Output, ...] = ()
    with_: tuple[tuple[str, Json], ...] = ()
    values: tuple[Reference, ...] = ()
    params: tuple[Param, ...] = ()
    item: Item | None = None
    items: str | None = None
    secrets: tuple[str, ...] = ()
    """The environment variables that must be set."""


class Cache(NamedTuple):
    """Outputs of an equal step of an earlier run may be taken; `digest` says what the process itself was started in."""

    digest: str | None = None


class Start(NamedTuple):
    """Whether the step may start, as far as the rest of the run decides that."""

    fail_fast: bool = False
    final: bool = False
    run_status: str | None = None
    """What `run.status` is in a `finally` step."""
    when_failed: tuple[str, ...] = ()


class Policy(NamedTuple):
    """How it runs. `timeout` is the seconds that one attempt may take."""

    when: str | None = None
    retry: Retry = Retry()
    timeout: float | None = None


class StepEnvironment(NamedTuple):
    """The environment that its body runs in: the name, what stands for its content, folders of modules, the interpreter."""

    name: str | None = None
    digest: str | None = None
    pythonpath: tuple[str, ...] = ()
    python: str | None = None


class Tracking(NamedTuple):
    """Where the step is logged to MLflow."""

    uri: str | None = None
    experiment: str | None = None


@of_its_kind
class Command(NamedTuple):
    """A command and its arguments, with `{inputs.x}`, `{outputs.x}` and `{with.x}` still in them."""

    arguments: tuple[str, ...]


@of_its_kind
class Answered(NamedTuple):
    """How the question of an approval stands; `by` may be empty."""

    answer: Answer
    by: str = ""


@of_its_kind
class Items(NamedTuple):
    """The list of a foreach, as an address or JSON, to be printed."""

    source: str


@of_its_kind
class Joined(NamedTuple):
    """What the instances of the step, which have all ended, came to together."""


Body: TypeAlias = Shell | Call | Uses | Gate | Command | Answered | Items | Joined


class Invocation(NamedTuple):
    """One call of `mlspec exec`. A `body` that is None is the caller's to add: of an approval, how its question stands."""

    step: str
    run: Run = Run()
    instance: Instance | None = None
    start: Start = Start()
    cache: Cache | None = None
    wiring: Wiring = Wiring()
    policy: Policy = Policy()
    environment: StepEnvironment = StepEnvironment()
    tracking: Tracking = Tracking()
    body: Body | None = None

    @property
    def instance_index(self) -> int | None:
        """The number of its instance, if it is one."""
        return self.instance.index if self.instance is not None else None

    @property
    def recorded_instance(self) -> Json:
        """What the record says: None, the mapping of a matrix, or the index."""
        if self.instance is None:
            return None
        return dict(self.instance.values) if self.instance.values else self.instance.index

    @property
    def label(self) -> str:
        """The step's id, for people: `train`, `train[depth=2]`, `work[0]`."""
        if self.instance is None:
            return self.step
        pairs = ",".join(f"{key}={as_text(value)}" for key, value in self.instance.values)
        return f"{self.step}[{pairs or self.instance.index}]"
