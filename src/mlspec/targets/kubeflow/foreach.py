"""A `foreach` step as a DAG of its own, with KFP's parameter iterator in it.

In: a step with a `foreach`. Out: its task and components. Owns the shape below; the list itself never passes through KFP, only
the numbers of its elements, so no text of a user's is ever expanded and no number becomes a double.
Change it when an engine gives iterators another meaning.

    work                the task of the step, with its condition; a DAG of
      items             finds the list and says the numbers of its elements: output `Output`, a list of strings
      instances         the iterator: a DAG of
        instance        the step itself, which takes its element from the list
      join              where instances may be skipped: says whether all of them were

A DAG around the iterator, because `kfp.local` takes a task with a condition and an iterator for one with a condition alone. A
DAG inside it, because it gives only iterations that are DAGs folders of their own. `Output` and `pipelinechannel--…-Output` are
the one form in which it finds the list of another task; and to a DAG without parameters, such as the run's id, it passes no
artifacts. What instances make goes to the store, and readers take it from there (`run:work/*/out`): KFP cannot pass on a list
with holes, which skipped instances leave, nor one of no artifacts at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.ir.groups import skips_apart
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.targets.kubeflow import graph as shape
from mlspec.targets.kubeflow.arguments import INDEX, RUN_ID, items_arguments, join_arguments, list_artifact
from mlspec.targets.kubeflow.blocks import (
    STRING,
    Context,
    artifacts_in,
    channels_in,
    given_in,
    items_of,
    leaf_of,
    listed_in,
    params_in,
    passed,
    retry_of,
    run_in,
    task_of,
)
from mlspec.targets.kubeflow.common import COMMAND
from mlspec.targets.kubeflow.document import Component, Container, Dag, Loop, Pairs, Task

ITEMS, INSTANCES, INSTANCE, JOIN = shape.FAN_OUT_PARTS
_LIST = f"pipelinechannel--{ITEMS}-Output"
_ELEMENT = f"{_LIST}-loop-item"
"""The backend, too, knows the argument of a loop by the end of its name."""
_RUN = passed([(RUN_ID, STRING)])


def fan_out(context: Context, step: Step, foreach: ForEach, status: Pairs) -> tuple[Task, list[Component]]:
    """The task of a `foreach` step, and its components."""
    name, ports = context.graph.names[step.id], context.ports[step.id]
    artifacts, params = artifacts_in(context, step), [*run_in(step), *params_in(context, step), *status]
    given = [*listed_in(context, step), *given_in(context, step)]
    lists = [name for name in [list_artifact(step, ports)] if name]
    retry = retry_of(context.plan, step)
    may_skip = skips_apart(step, context.plan)
    asked = step.id in context.graph.skippable
    tasks = [
        Task(
            ITEMS, f"{name}-{ITEMS}", passed([(name, "") for name in lists], "Artifact"), [*_RUN, *passed(given)], retry=retry
        ),
        Task(
            INSTANCES,
            f"{name}-{INSTANCES}",
            passed(artifacts, "Artifact"),
            [*passed(params), (_LIST, f"{{taskOutputParameter: {{producerTask: {ITEMS}, outputParameterKey: Output}}}}")],
            depends=ITEMS,
            iterator=Loop(_LIST, _ELEMENT, foreach.parallel),
        ),
    ]
    if may_skip:
        tasks.append(Task(JOIN, f"{name}-{JOIN}", [], _RUN, depends=INSTANCES, retry=retry))
    outer = Component(
        name,
        Dag(tasks, outcome=(JOIN if may_skip else ITEMS) if asked else ""),
        artifacts_in=artifacts,
        params_in=[*params, *channels_in(context, step)],
        artifacts_out=[],
        params_out=[(shape.OUTCOME, STRING)] if asked else [],
    )
    outputs = [("Output", "{parameterType: LIST}"), *([(shape.OUTCOME, STRING)] if asked and not may_skip else [])]
    items = _small(context, step, ITEMS, items_arguments(context.plan, step, ports, final=bool(status)), outputs, given)
    parts = [
        outer,
        items._replace(artifacts_in=[pair for pair in artifacts if pair[0] in lists]),
        _instances(name, artifacts, params, retry),
        _instance(context, step, status),
    ]
    if may_skip:
        parts.append(_small(context, step, JOIN, join_arguments(step), [(shape.OUTCOME, STRING)]))
    return task_of(context, step, status), parts


def looking_parts(plan: Plan, step: Step) -> list[str]:
    """The containers of a `foreach` step that only look at it."""
    return [] if step.foreach is None else [ITEMS, *([JOIN] if skips_apart(step, plan) else [])]


def _instances(name: str, artifacts: Pairs, params: Pairs, retry: str) -> Component:
    body = Task(
        INSTANCE,
        f"{name}-{INSTANCE}",
        passed(artifacts, "Artifact"),
        [*passed(params), (INDEX, f"{{componentInputParameter: {_ELEMENT}}}")],
        retry=retry,
    )
    declared = [*params, (_LIST, "{parameterType: LIST}"), (_ELEMENT, STRING)]
    return Component(f"{name}-{INSTANCES}", Dag([body]), artifacts, declared, [], [])


def _instance(context: Context, step: Step, status: Pairs) -> Component:
    """The step's container; its outputs go to the store, and its outcome is told by `join`."""
    leaf = leaf_of(context, step, status)
    params = [*run_in(step), *params_in(context, step), *status, (INDEX, STRING)]
    return leaf._replace(name=f"{leaf.name}-{INSTANCE}", params_in=params, artifacts_out=[], params_out=[])


def _small(
    context: Context, step: Step, part: str, arguments: list[str], outputs: Pairs, params: Iterable[tuple[str, str]] = ()
) -> Component:
    """A container that only answers a question about the step, in the step's image, since that holds mlspec."""
    return Component(
        name=f"{context.graph.names[step.id]}-{part}",
        body=Container(context.common.images[step.id], COMMAND, items_of(arguments), []),
        artifacts_in=[],
        params_in=[(RUN_ID, STRING), *params],
        artifacts_out=[],
        params_out=outputs,
    )
