"""PipelineSpec IR from a plan.

In: a `Plan` without findings. Out: one `GeneratedFile`: the IR, and a second YAML document for what only Kubernetes
knows. Owns which DAG a task stands in and the order of all parts; the templates own where they stand. Never imports kfp, never
builds a document in memory: text is written straight from the plan, so the cost is linear in it.
Change it when a pipeline gains a part that belongs to no step.

Each step is three blocks (component, executor, task), because the IR keeps three maps. All are in plan order.
KFP's own cache is off: a step it took from its cache would leave no record in the store.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.emission import yaml_text
from mlspec.emission.templates import template
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import GeneratedFile, sealed
from mlspec.targets.kubeflow import graph as shape
from mlspec.targets.kubeflow import platform
from mlspec.targets.kubeflow.arguments import RUN_STATUS
from mlspec.targets.kubeflow.blocks import (
    FINAL_STATUS,
    NESTED_STATUS,
    PARAMETER_TYPES,
    Sight,
    final_status,
    leaf_of,
    passed,
    sight_of,
    task_of,
)
from mlspec.targets.kubeflow.document import Component, Container, Dag, Pairs, Task
from mlspec.targets.kubeflow.foreach import INSTANCE, fan_out


def emit(plan: Plan) -> list[GeneratedFile]:
    """Compile to `<lifecycle>.yaml`."""
    sight = sight_of(plan)
    tasks, components = _pipeline(sight)
    body = template("kubeflow", "pipeline.yaml.j2").render(
        name=yaml_text.scalar(plan.lifecycle),
        description=yaml_text.item(plan.description, 4) if plan.description else "",
        pipeline_root=yaml_text.scalar(sight.options.pipeline_root) if sight.options.pipeline_root else "",
        parameters=[(p.name, PARAMETER_TYPES[p.type], yaml_text.value(p.default)) for p in plan.params],
        descriptions={p.name: yaml_text.item(p.description, 12) for p in plan.params if p.description},
        tasks=tasks,
        components=components,
        executors=_executors(components, plan.digest),
        platforms=list(_platforms(sight)),
        OUTCOME=shape.OUTCOME,
    )
    return [GeneratedFile(f"{plan.lifecycle}.yaml", sealed(plan, "kubeflow", body))]


def _executors(components: Iterable[Component], digest: str) -> list[tuple[str, str, str, list[str], Pairs]]:
    """Label, comment, image, words and resources of each container; all share the word that says which spec they are from."""
    executors = []
    word = f"&spec {yaml_text.scalar(f'--spec-digest={digest}')}"
    for part in components:
        if isinstance(part.body, Container):
            executors.append((part.name, part.comment, part.body.image, [*part.body.args, word], part.body.resources))
            word = "*spec"
    return executors


def _pipeline(sight: Sight) -> tuple[list[Task], list[Component]]:
    """The tasks of the root DAG, and all components; with final steps, the others stand in a DAG of their own."""
    plan = sight.plan
    tasks, components = _parts(sight, plan.steps, [])
    if not plan.finals:
        return tasks, components
    parameters = [(p.name, f"{{parameterType: {PARAMETER_TYPES[p.type]}}}") for p in plan.params]
    given = passed(parameters)
    above = Task(shape.STEPS, shape.STEPS, [], given, nested=True)
    status = final_status(shape.STEPS)
    last, final_parts = _parts(sight, plan.finals, [(RUN_STATUS, FINAL_STATUS if _alone(plan) else NESTED_STATUS)])
    dags = [Component(shape.STEPS, "", Dag(tasks), [], parameters, [], [])]
    if _alone(plan):
        exit_task = last[0]._replace(params=[*last[0].params[:-1], *status])
    else:
        declared = [*parameters, (RUN_STATUS, FINAL_STATUS)]
        dags.append(Component(shape.FINALLY, "", Dag(last), [], declared, [], []))
        exit_task = Task(shape.FINALLY, shape.FINALLY, [], [*given, *status], nested=True)
    return [above, exit_task._replace(depends=shape.STEPS, exits=True)], [*dags, *components, *final_parts]


def _alone(plan: Plan) -> bool:
    """Whether one container is all of `finally`."""
    return len(plan.finals) == 1 and plan.finals[0].foreach is None


def _parts(sight: Sight, steps: Iterable[Step], status: Pairs) -> tuple[list[Task], list[Component]]:
    """The task and the components of each step; `status` is the input through which `run.status` comes, if it does."""
    tasks: list[Task] = []
    components: list[Component] = []
    for step in steps:
        if step.foreach is None:
            task = task_of(sight, step, status)
            components.append(leaf_of(sight, step, status))
        else:
            task, parts = fan_out(sight, step, step.foreach, status)
            components += parts
        tasks.append(task)
    return tasks, components


def _platforms(sight: Sight) -> Iterable[tuple[str, list[str]]]:
    for step in sight.plan.all_steps():
        if lines := platform.settings(sight.plan, step):
            name = sight.graph.names[step.id]
            yield (name if step.foreach is None else f"{name}-{INSTANCE}", lines)
