"""Task names, and which tasks start on which condition: skips as KFP can express them.

In: a `Plan`. Out: a `Graph`. Owns the rules below; never writes YAML. Change it when an engine gives conditions another
meaning, or when the plan gains a way to skip.

A step is *skippable* when it has a `when`, is a gate that skips, or has a skippable step above it. A skippable task
says in the output parameter `step-outcome` how it ended, and every task below one starts on the condition that each such
task directly above it `succeeded` (for a matrix: that one of its instances did). Conditions sit on the tasks themselves
and the DAG stays flat, because that alone is right on both engines:

- On the backend a task's driver evaluates its condition; the tasks below a skipped one are omitted, since they depend
  on `X.Succeeded` (argocompiler/dag.go). Joins and diamonds follow by themselves. Inputs are resolved first, and those
  of a step that said `skipped` are there: the launcher records declared artifacts even when no file was written.
- `kfp.local` knows no omission: a task below a skipped one would run. It looks the `pipelinechannel--<task>--step-outcome`
  of a condition up among the outputs of finished tasks; a task that was skipped has none, and the condition is false.
  So the skip travels on, through joins and diamonds too.

Nested conditional sub-DAGs, the shape that kfp's own compiler makes of `dsl.If`, cannot express a join of two branches
that may each be skipped: it would have to sit in both (kubeflow/pipelines #9722).

`finally` steps run in an exit task. The backend makes it a hook of the one task it depends on and keeps one hook for
each task (argocompiler/dag.go, `taskToExitTemplate`): all steps go into one sub-DAG, and several final steps into
another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlspec.ir.bodies import Gate
from mlspec.ir.groups import upstream_groups
from mlspec.ir.model import Plan, Step

_OTHER = re.compile("[^a-z0-9]+")
OUTCOME = "step-outcome"
SUCCEEDED = "succeeded"
STEPS = "steps"
FINALLY = "finally"
FAN_OUT_PARTS = ("items", "instances", "instance", "join")
"""What the tasks of a `foreach` step are called; their components bear its name in front."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What the tasks are called and which of them can be skipped, by step id."""

    names: Mapping[str, str]
    skippable: frozenset[str]
    after: Mapping[str, str]
    """The instance of the same matrix that must end before this one starts, so that no more than `parallel` run."""


def graph_of(plan: Plan) -> Graph:
    """Name the tasks and follow the skips."""
    return Graph(_names(plan), skippable_steps(plan), _lanes(plan))


def skippable_steps(plan: Plan) -> frozenset[str]:
    """The ids of the steps that can be skipped; one pass over the plan, which is in topological order."""
    skippable: set[str] = set()
    for step in plan.all_steps():
        own = step.when is not None or (isinstance(step.body, Gate) and step.body.otherwise == "skip")
        if own or not skippable.isdisjoint(step.upstream):
            skippable.add(step.id)
    return frozenset(skippable)


def watched(plan: Plan, graph: Graph, step: Step) -> list[list[str]]:
    """The skippable steps directly above `step`, what counts as one together, in the step's order. What cannot be skipped
    is enough for its group: it has succeeded when the task starts.
    """
    if not graph.skippable:
        return []
    groups = (list(group) for group in upstream_groups(step, plan.by_id))
    return [group for group in groups if graph.skippable.issuperset(group)]


def awaited(plan: Plan, graph: Graph) -> list[str]:
    """What should have run when `finally` begins, for `exec/verdict.py`: each step, and what may skip it where something may.

    The backend does not always know how a DAG ended: a pod that was killed leaves its task RUNNING, and so its DAG, and a DAG with
    a skipped task never is COMPLETE (metadata/client.go, `UpdateDAGExecutionsState`). Then the records tell.
    """
    instances = Counter(step.name for step in plan.steps)
    lines: dict[str, str] = {}
    for step in plan.steps:
        groups = upstream_groups(step, plan.by_id) if step.id in graph.skippable else ()
        above = dict.fromkeys(_awaited_group(plan, group, instances) for group in groups)
        count = f"*{instances[step.name]}" if step.instance is not None else ""
        name = f"{step.name}{count}" if step.each is None else _numbered(step)
        lines.setdefault(step.name if step.each is None else step.id, " ".join([name, *above]))
    return list(lines.values())


def _awaited_group(plan: Plan, group: tuple[str, ...], instances: Mapping[str, int]) -> str:
    """What counts as one: a step, one instance of it by its number, or several of which one is enough."""
    steps = [plan.by_id[one] for one in group]
    if len(steps) == instances[steps[0].name] and len({step.name for step in steps}) == 1 and steps[0].each is None:
        return steps[0].name
    return "|".join(map(_numbered, steps))


def _numbered(step: Step) -> str:
    return f"{step.name}/{step.instance.index}" if step.instance is not None else step.name


def channel(task: str) -> str:
    """The name of the input that carries a task's outcome into a condition; `kfp.local` finds it by this form alone."""
    return f"pipelinechannel--{task}--{OUTCOME}"


def condition(graph: Graph, groups: Iterable[Iterable[str]]) -> str:
    """The CEL that lets a task start when every group has a step that succeeded; empty without groups."""
    terms = []
    for group in groups:
        ended = [f"inputs.parameter_values['{channel(graph.names[step])}'] == '{SUCCEEDED}'" for step in group]
        terms.append(ended[0] if len(ended) == 1 else "(" + " || ".join(ended) + ")")
    return " && ".join(terms)


def _lanes(plan: Plan) -> dict[str, str]:
    """Put the instances of a matrix with `parallel: n` in n lanes: KFP bounds loops only."""
    instances: dict[str, list[str]] = {}
    after: dict[str, str] = {}
    for step in plan.all_steps():
        if step.parallel is not None and step.instance is not None:
            before = instances.setdefault(step.name, [])
            if len(before) >= step.parallel:
                after[step.id] = before[-step.parallel]
            before.append(step.id)
    return after


def _names(plan: Plan) -> dict[str, str]:
    """A task name for each step: `[a-z0-9-]`, no `--`, not `<other task>-driver` (the backend adds such tasks)."""
    names: dict[str, str] = {}
    # kfp's SDK takes a component of the pipeline's own name for the whole pipeline.
    taken = {STEPS, FINALLY, "root", _dashed(plan.lifecycle)}
    for step in plan.all_steps():
        base = _dashed(step.slug.lower())
        if base.endswith("-driver"):
            base += "-step"
        name, number = base, 2
        while not taken.isdisjoint(parts := _parts(name, step)):
            name, number = f"{base}-{number}", number + 1
        taken.update(parts)
        names[step.id] = name
    return names


def _dashed(name: str) -> str:
    return _OTHER.sub("-", name).strip("-")


def _parts(name: str, step: Step) -> list[str]:
    """The names that a step takes up."""
    return [name] if step.foreach is None else [name, *(f"{name}-{part}" for part in FAN_OUT_PARTS)]
