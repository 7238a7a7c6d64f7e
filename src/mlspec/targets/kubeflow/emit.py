"""PipelineSpec IR from a plan.

In: a `Plan` without findings. Out: one `GeneratedFile`: the IR, and a second YAML document for what only Kubernetes
knows. Owns which DAG a task stands in and the order of all parts; the templates own where they stand. Never imports kfp, never
builds a document in memory: text is written straight from the plan, so the cost is linear in it.
Change it when a pipeline gains a part that belongs to no step.

Each step is three blocks (task, component, executor), because the IR keeps three maps. All are in plan order.
KFP's own cache is off: a step it took from its cache would leave no record in the store. That is what a task without
`cachingOptions` means (pipeline_spec.proto: `enable_cache` "defaults to false"); `taskInfo` stays: KFP shows the name in it.
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
    Context,
    context_of,
    final_status,
    leaf_of,
    passed,
    task_of,
)
from mlspec.targets.kubeflow.document import Component, Container, Dag, Pairs, Task
from mlspec.targets.kubeflow.foreach import INSTANCE, fan_out, looking_parts
from mlspec.targets.pods import NOTHING, given


def emit(plan: Plan) -> list[GeneratedFile]:
    """Compile to `<lifecycle>.yaml`."""
    context = context_of(plan)
    tasks, components = _pipeline(context)
    body = template("kubeflow", "pipeline.yaml.j2").render(
        name=yaml_text.scalar(plan.lifecycle),
        description=yaml_text.item(plan.description, 4) if plan.description else "",
        pipeline_root=yaml_text.scalar(context.options.pipeline_root) if context.options.pipeline_root else "",
        parameters=[(p.name, PARAMETER_TYPES[p.type], yaml_text.value(p.default)) for p in plan.params],
        # Checked when a run is made (v2_template.go, `validatePipelineJobInputs`), by backends from 2.17.0 on.
        literals={p.name: yaml_text.value(list(p.enum)) for p in plan.params if p.enum},
        descriptions={p.name: yaml_text.item(p.description, 12) for p in plan.params if p.description},
        tasks=tasks,
        components=components,
        common=context.common.groups,
        awaited=shape.awaited(plan, context.graph) if any(_looks_back(part) for part in components) else [],
        executors=[(part.name, *part.body) for part in components if isinstance(part.body, Container)],
        platforms=list(_platforms(context)),
        OUTCOME=shape.OUTCOME,
    )
    return [GeneratedFile(f"{plan.stem()}.yaml", sealed(plan, "kubeflow", body))]


def _looks_back(part: Component) -> bool:
    return isinstance(part.body, Container) and part.body.looks_back


def _pipeline(context: Context) -> tuple[list[Task], list[Component]]:
    """The tasks of the root DAG, and all components; with final steps, the others stand in a DAG of their own."""
    plan = context.plan
    tasks, components = _parts(context, plan.steps, [])
    if not plan.finals:
        return tasks, components
    parameters = [(p.name, f"{{parameterType: {PARAMETER_TYPES[p.type]}}}") for p in plan.params]
    given = passed(parameters)
    above = Task(shape.STEPS, shape.STEPS, [], given)
    status = final_status(shape.STEPS)
    last, final_parts = _parts(context, plan.finals, [(RUN_STATUS, FINAL_STATUS if _alone(plan) else NESTED_STATUS)])
    dags = [Component(shape.STEPS, Dag(tasks), [], parameters, [], [])]
    if _alone(plan):
        exit_task = last[0]._replace(params=[*last[0].params[:-1], *status])
    else:
        declared = [*parameters, (RUN_STATUS, FINAL_STATUS)]
        dags.append(Component(shape.FINALLY, Dag(last), [], declared, [], []))
        exit_task = Task(shape.FINALLY, shape.FINALLY, [], [*given, *status])
    return [above, exit_task._replace(depends=shape.STEPS, exits=True)], [*dags, *components, *final_parts]


def _alone(plan: Plan) -> bool:
    """Whether one container is all of `finally`."""
    return len(plan.finals) == 1 and plan.finals[0].foreach is None


def _parts(context: Context, steps: Iterable[Step], status: Pairs) -> tuple[list[Task], list[Component]]:
    """The task and the components of each step; `status` is the input through which `run.status` comes, if it does."""
    tasks: list[Task] = []
    components: list[Component] = []
    for step in steps:
        if step.foreach is None:
            task = task_of(context, step, status)
            components.append(leaf_of(context, step, status))
        else:
            task, parts = fan_out(context, step, step.foreach, status)
            components += parts
        tasks.append(task)
    return tasks, components


def _platforms(context: Context) -> Iterable[tuple[str, list[str]]]:
    common = context.options.pods if given(context.options.pods) else NOTHING
    for step in context.plan.all_steps():
        name = context.graph.names[step.id]
        if lines := platform.settings(context.plan, step, common):
            yield name if step.foreach is None else f"{name}-{INSTANCE}", lines
        for part in looking_parts(context.plan, step):
            if lines := platform.settings(context.plan, step, common, bare=True):
                yield f"{name}-{part}", lines
