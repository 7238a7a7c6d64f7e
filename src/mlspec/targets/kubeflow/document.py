"""The parts of an IR document, as the templates want them.

In: nothing but values. Out: tuples whose every text is YAML already; the templates take them apart by their order.
Owns the vocabulary between the modules that decide what a part says and the templates that know where it stands; never
decides. Change it when a part of the IR gains a field.
"""

from __future__ import annotations

from typing import NamedTuple

Pairs = list[tuple[str, str]]
"""A name and its flow mapping: `{parameterType: STRING}`."""


class Loop(NamedTuple):
    """An iterator over a list of strings. `items` and `item` are inputs of the task's component."""

    items: str
    item: str
    parallel: int | None = None


class Task(NamedTuple):
    """A task of a DAG, and the component it runs."""

    name: str
    component: str
    artifacts: Pairs
    params: Pairs
    depends: str = ""
    condition: str = ""
    comment: str = ""
    exits: bool = False
    """Whether it is an exit task: it runs however the task ended that it depends on."""
    iterator: Loop | None = None
    retry: str = ""
    """How often KFP starts its container again."""


class Command(NamedTuple):
    """Arguments that processes begin with: the key and the anchor they stand under."""

    key: str
    anchor: str
    arguments: list[str]


class Group(NamedTuple):
    """What executors have in common, of all or of an environment. `image` is empty where none runs it."""

    environment: str
    anchor: str
    """Of the image."""
    image: str
    commands: list[Command]


class Container(NamedTuple):
    """What the executor of a component runs. The image and the command are aliases of what stands in a `Group`."""

    image: str
    command: str
    args: list[str]
    resources: Pairs
    looks_back: bool = False
    """Whether it is told which steps should have run."""


class Dag(NamedTuple):
    """The tasks of a component. `outcome` is the one that says how all ended; empty where nobody asks."""

    tasks: list[Task]
    outcome: str = ""


class Component(NamedTuple):
    """What a task runs: a container or a DAG, behind named inputs and outputs."""

    name: str
    body: Container | Dag
    artifacts_in: Pairs
    params_in: Pairs
    artifacts_out: Pairs
    params_out: Pairs
