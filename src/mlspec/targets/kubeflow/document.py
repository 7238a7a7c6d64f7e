"""The parts of an IR document, as the templates want them.

In: nothing but values. Out: dataclasses whose every text is YAML already. Owns the vocabulary between the modules that decide
what a part says and the templates that know where it stands; never decides. Change it when a part of the IR gains a field.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Pairs = list[tuple[str, str]]
"""A name and what stands inside its flow mapping: `{parameterType: STRING}` without the braces."""


@dataclass(frozen=True, slots=True)
class Loop:
    """An iterator over a list of strings. `items` and `item` are inputs of the task's component."""

    items: str
    item: str
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a DAG, and the component it runs."""

    name: str
    component: str
    artifacts: Pairs = field(default_factory=list)
    params: Pairs = field(default_factory=list)
    depends: str = ""
    condition: str = ""
    exits: bool = False
    """Whether it is an exit task: it runs however the task ended that it depends on."""
    nested: bool = False
    """Whether its component is a DAG, for which there is nothing to cache."""
    loop: Loop | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A component that is one container, and its executor."""

    name: str
    comment: str
    image: str
    args: list[str]
    artifacts_in: Pairs
    params_in: Pairs
    artifacts_out: Pairs
    params_out: Pairs
    resources: Pairs


@dataclass(frozen=True, slots=True)
class Dag:
    """A component that is a DAG. `outcome` is the task of it that says how it ended; none where nobody asks."""

    name: str
    params_in: Pairs
    tasks: list[Task]
    comment: str = ""
    artifacts_in: Pairs = field(default_factory=list)
    outcome: str = ""
