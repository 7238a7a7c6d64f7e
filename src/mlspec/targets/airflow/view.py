"""What the DAG file shows, as a value: all that the templates read.

In and out: values, most of them Python source text. Owns the shape of the file; never knows a plan, never escapes.
Immutable. Change it together with `templates/airflow/`, when the file should show something new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mlspec.targets.airflow.runners import Runner


@dataclass(frozen=True, slots=True)
class Task:
    """One operator. `options` are those of its step process, given to the function `call`; none for tasks without one.

    `start` is what stands before it on its line and `after` what stands behind it, `head` is what `call` gets before the
    options, and `mapped` says that the operator is expanded over what `call` returns. Without an `operator`, `call` makes
    the task itself, of the `arguments` too.
    """

    start: str
    task_id: str = ""
    operator: str = ""
    upstream: str = ""
    noqa: str = ""
    arguments: tuple[str, ...] = ()
    call: str = "step_process"
    head: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    mapped: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one step, which Airflow shows as one box; others wait for it as for a task. `order` is a last line."""

    variable: str
    group_id: str
    tasks: tuple[Task, ...]
    upstream: str
    order: str = ""


Block: TypeAlias = Task | Group
"""What one step becomes."""

Rows: TypeAlias = tuple[tuple[str, str], ...]
"""The keys and values of a mapping, as source text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DagView:
    """The DAG file, in the order of its sections. A section that is empty is left out."""

    spec_file: str
    project: str
    """The statement that lets a variable say where the project of this lifecycle is, and of no other."""
    runner: Runner
    modules: tuple[str, ...]
    """The import lines of the standard library."""
    imports: tuple[str, ...]
    """The import lines of everything else."""
    run: Rows
    """The environment variables that every step gets of its run."""
    images: Rows
    environments: tuple[tuple[str, tuple[str, ...]], ...]
    """The options of each environment that has several, by name."""
    common: tuple[str, ...]
    """The options that the start of every step process has."""
    functions: tuple[str, ...]
    """The names of the helper functions: files of `templates/airflow/functions/`."""
    process: str
    """How the shell text of a step starts that runs unless another has failed: the inside of an f-string."""
    always: str
    """The function for what runs after a failure, too."""
    has_empty_list: bool
    """Whether a fan-out in `finally` has no instance."""
    has_bounded_fan_out: bool
    """Whether a fan-out in `finally` says how many instances may run at a time."""
    dag: tuple[str, ...]
    """The arguments of the DAG."""
    defaults: Rows
    """What all its tasks get."""
    steps: tuple[Block, ...]
    finals: tuple[Block, ...]
    all_steps: str
    """The variable for the list of all tasks above `finals`."""
    begin: str
    """The variable for the task that comes before all others."""
    verdict: str
    """The variable for the task that says what the run has come to."""
    last: str
    """The variable for what the tasks after all steps know of the run."""
    notes: tuple[str, ...]
    """What the graph of tasks does not say of the steps."""
    judge: tuple[str, ...]
    """The arguments of the last task, which says what the run has come to."""
    fail_fast: bool
