"""What one process of `mlspec exec` is to do, as a value.

In and out: values. Owns the vocabulary of docs/step-process.md; never reads a file, an argument or the environment. Immutable
throughout; named tuples and not dataclasses, whose import takes longer than the rest of a step's start. Standard library only.
Change it when the step process learns something new: a field here, its option in `arguments` and `parse`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from mlspec.expr.limits import Limits
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
    limits: tuple[tuple[str, Limits], ...] = ()
    """What the run's parameters may be, by name; of those that no limit holds to anything there need be none."""
    pipeline: str | None = None
    """The generated file that starts the step, and the words that chose its profile."""
    secrets: tuple[str, ...] = ()
    """Environment variables of all secrets that the spec declares: a step's body sees those that its wiring lists, and no other."""
    date: str | None = None
    """The time that the run is for, as whoever starts the step writes it; steps that read it may find it in a variable instead."""


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
    given: tuple[tuple[str, str], ...] = ()
    """The texts of parameters that are held to their limits and not read."""
    item: Item | None = None
    items: str | None = None
    secrets: tuple[str, ...] = ()
    """The environment variables that must be set."""
    secret_files: tuple[tuple[str, str | None], ...] = ()
    """Variables that hold the path of a file; where the path is said here, they get it."""
    secret_contents: tuple[str, ...] = ()
    """Variables that hold the content of a file, of which the step gets the path."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables of the step's own."""
    locked: tuple[tuple[str, str], ...] = ()
    """The digests that inputs had when they were locked."""
    timezone: str | None = None
    """The zone of `run.day`, where the step reads it; None: UTC."""


class Cache(NamedTuple):
    """Outputs of an equal step of an earlier run may be taken; `digest` says what the process itself was started in, `key` what else
    must be equal (placeholders still in it); what was made more than `max_age` seconds ago is not taken.
    """

    digest: str | None = None
    max_age: float | None = None
    key: str = ""


class Start(NamedTuple):
    """Whether the step may start, as far as the rest of the run decides that."""

    fail_fast: bool = False
    final: bool = False
    run_status: str | None = None
    """What `run.status` is in a `finally` step."""
    when_failed: tuple[str, ...] = ()
    restart: int | None = None
    """How often whoever starts the step has started it before in this try, because its process vanished; None: it never does that."""
    needs: tuple[str, ...] = ()
    """The `finally` steps that this one needs, each perhaps with `*` and the number of its instances."""
    pairs: tuple[str, ...] = ()
    """The steps that this one is paired with: their instance of its own number decides whether it starts."""
    approved: tuple[str, ...] = ()
    """The approvals that it comes after, each with the names of the steps above it: `sign_off train evaluate`."""
    fail_with_run: bool = False
    """End as failed in a run that has failed, however the step itself ends."""


class Policy(NamedTuple):
    """How it runs. `timeout` is the seconds that one attempt may take; `trace` looks on which files it opens."""

    when: str | None = None
    retry: Retry = Retry()
    timeout: float | None = None
    trace: bool = False


class StepEnvironment(NamedTuple):
    """The environment that its body runs in: the name, what stands for its content, folders of modules, the interpreter, variables."""

    name: str | None = None
    digest: str | None = None
    pythonpath: tuple[str, ...] = ()
    python: str | None = None
    env: tuple[tuple[str, str], ...] = ()


class Tracking(NamedTuple):
    """Where the step is logged to MLflow, and where its lineage goes: the URL of a server of OpenLineage, or `file:PATH`."""

    uri: str | None = None
    experiment: str | None = None
    lineage: str | None = None
    namespace: str | None = None
    """Of the jobs of its lineage."""
    about: str | None = None
    """What the lifecycle is, in words."""
    owners: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether anybody is told of the step."""
        return self.uri is not None or self.lineage is not None


@of_its_kind
class Command(NamedTuple):
    """A command and its arguments, with `{inputs.x}`, `{outputs.x}` and `{with.x}` still in them."""

    arguments: tuple[str, ...]


@of_its_kind
class Answered(NamedTuple):
    """How the question of an approval stands; `by` may be empty. `message` is what is asked, placeholders still in it."""

    answer: Answer
    by: str = ""
    message: str = ""


@of_its_kind
class Items(NamedTuple):
    """The list of a foreach, as an address or JSON, to be printed."""

    source: str


@of_its_kind
class Joined(NamedTuple):
    """What the instances of the step, which have all ended, came to together."""


@of_its_kind
class Judged(NamedTuple):
    """What the run has come to, now that all its steps have ended."""


Body: TypeAlias = Shell | Call | Uses | Gate | Command | Answered | Items | Joined | Judged


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
    def listed(self) -> frozenset[str]:
        """The variables of the secrets that the step lists."""
        wiring = self.wiring
        return frozenset((*wiring.secrets, *(variable for variable, _ in wiring.secret_files), *wiring.secret_contents))

    @property
    def hidden(self) -> tuple[str, ...]:
        """The variables of declared secrets that its body does not see."""
        return tuple(variable for variable in self.run.secrets if variable not in self.listed)

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
        return f"{self.step}[{self.instance.label}]"
