"""The parts of an IR document that one step becomes.

In: a plan, its graph and a step. Out: the task that stands for the step, and components. Owns what is said of a step that is one
container; `foreach` adds what a fan-out needs around it. Never knows where a part stands in the file.
Change it when a step needs something new of KFP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlspec.emission import yaml_text
from mlspec.expr.values import as_text
from mlspec.invocation.from_plan import cache_on
from mlspec.ir.bodies import Shell
from mlspec.ir.model import Plan, Step
from mlspec.store.filesystem import is_remote
from mlspec.targets.base import joined
from mlspec.targets.kubeflow import graph as shape
from mlspec.targets.kubeflow.arguments import (
    RUN_DATE,
    RUN_ID,
    RUN_STATUS,
    Ports,
    arguments,
    ports_of,
)
from mlspec.targets.kubeflow.common import Common, common_of
from mlspec.targets.kubeflow.document import Component, Container, Pairs, Task
from mlspec.targets.kubeflow.graph import Graph, graph_of
from mlspec.targets.kubeflow.options import DEFAULT_IMAGE, KubeflowOptions, options_of

PARAMETER_TYPES = {
    "string": "STRING",
    "integer": "NUMBER_INTEGER",
    "number": "NUMBER_DOUBLE",
    "boolean": "BOOLEAN",
    "list": "LIST",
    "object": "STRUCT",
}
ARTIFACT_TYPES = {
    kind: f"{{artifactType: {{schemaTitle: {title}, schemaVersion: 0.0.1}}}}"
    for kind, title in {
        "dataset": "system.Dataset",
        "model": "system.Model",
        "metrics": "system.Metrics",
        "report": "system.Artifact",
        "artifact": "system.Artifact",
        "values": "system.Artifact",
    }.items()
}
_YEAR = 365 * 24 * 60 * 60
_ARGS = 10
"""How deep an executor's list of arguments is indented."""
STRING = "{parameterType: STRING}"
NESTED_STATUS = "{parameterType: STRUCT, isOptional: true}"
"""A task's final status once it has been passed down into a DAG."""
FINAL_STATUS = "{parameterType: TASK_FINAL_STATUS, isOptional: true}"
RUN_ID_WIRE = (RUN_ID, "{runtimeValue: {constant: '{{$.pipeline_job_uuid}}'}}")
# The time that a recurring run is for, and of another run that of its creation (v2/cmd/driver/main.go, `resolvePipelineJobTimes`).
RUN_DATE_WIRE = (RUN_DATE, "{runtimeValue: {constant: '{{$.pipeline_job_schedule_time_utc}}'}}")


@dataclass(frozen=True, slots=True)
class Context:
    """What all steps of a document share."""

    plan: Plan
    graph: Graph
    ports: Mapping[str, Ports]
    """By step id."""
    options: KubeflowOptions
    common: Common


def context_of(plan: Plan) -> Context:
    """Work out what the blocks of a plan's steps need to know of the whole."""
    ports = {step.id: ports_of(plan, step) for step in plan.all_steps()}
    options = options_of(plan)
    common = common_of(plan, {step.id: _image(step, options) for step in plan.all_steps()})
    return Context(plan, graph_of(plan), ports, options, common)


def final_status(above: str) -> Pairs:
    """How an exit task learns the final status of the task above it."""
    return [(RUN_STATUS, f"{{taskFinalStatus: {{producerTask: {above}}}}}")]


def passed(names: Pairs, kind: str = "Parameter") -> Pairs:
    """Take each input from the input of the same name that the DAG around the task has."""
    return [(name, f"{{componentInput{kind}: {yaml_text.scalar(name)}}}") for name, _ in names]


def task_of(context: Context, step: Step, status: Pairs) -> Task:
    """The task that stands for a step, in the DAG that all of its kind stand in; `status` comes last, if it does."""
    plan, names, ports = context.plan, context.graph.names, context.ports[step.id]
    groups = shape.watched(plan, context.graph, step)
    lane = [context.graph.after[step.id]] if step.id in context.graph.after else []
    return Task(
        name=names[step.id],
        comment=_comment(step),
        component=names[step.id],
        depends=", ".join([yaml_text.scalar(names[above]) for above in (*step.upstream, *lane)]),
        condition=yaml_text.scalar(shape.condition(context.graph, groups)) if groups else "",
        retry=retry_of(plan, step) if step.foreach is None else "",
        artifacts=[
            (name, f"{{taskOutputArtifact: {_key_of('producerTask', names[above], 'outputArtifactKey', output)}}}")
            for (above, output), name in ports.artifacts.items()
        ],
        params=[
            RUN_ID_WIRE,
            *([RUN_DATE_WIRE] if step.reads_date else []),
            *[(name, f"{{componentInputParameter: {yaml_text.scalar(param)}}}") for param, name in ports.params.items()],
            *[
                (
                    shape.channel(names[above]),
                    f"{{taskOutputParameter: {_key_of('producerTask', names[above], 'outputParameterKey', shape.OUTCOME)}}}",
                )
                for group in groups
                for above in group
            ],
            *passed(status),
        ],
    )


def _key_of(task: str, name: str, output: str, key: str) -> str:
    """A mapping of two names, either of which may be a word that YAML reads as another value: `no`, `null`."""
    return f"{{{task}: {yaml_text.scalar(name)}, {output}: {yaml_text.scalar(key)}}}"


def retry_of(plan: Plan, step: Step) -> str:
    """How often KFP may start a container of the step again: as often as its pod may be lost.

    The backend repeats every pod that has failed, whatever made it fail: it gives Argo no policy (argocompiler/container.go,
    `getTaskRetryStrategyFromInput`), and Argo's is then `OnFailure` (workflow_types.go, `RetryPolicyActual`). An evicted pod, one
    out of memory and a killed one have failed (operator.go, `inferFailedReason`); one whose pod object was deleted is an error,
    which is not repeated. A process that finds its step ended repeats nothing (`exec/restarts.py`), if it can know: no policy where
    pods do not share the store. Without `backoffMaxDuration` it is 0 and nothing is repeated at all; it counts from the first
    start (operator.go, `processNodeRetries`), so it must be longer than any step.
    """
    if not step.retry.lost or not is_remote(plan.store):
        return ""
    return f"{{maxRetryCount: {step.retry.lost}, backoffMaxDuration: {_YEAR}s}}"


def artifacts_in(context: Context, step: Step) -> Pairs:
    """The input artifacts of a step's component."""
    return [(name, _kind(context.plan, *source)) for source, name in context.ports[step.id].artifacts.items()]


def run_in(step: Step) -> Pairs:
    """What a step's component takes of the run itself."""
    return [(RUN_ID, STRING), *([(RUN_DATE, STRING)] if step.reads_date else [])]


def params_in(context: Context, step: Step) -> Pairs:
    """The run parameters that a step's component takes."""
    return _declared(context.plan, context.ports[step.id].params.items())


def given_in(context: Context, step: Step) -> Pairs:
    """Those of them that the step's process only holds to their limits."""
    ports = context.ports[step.id]
    return _declared(context.plan, [(param, ports.params[param]) for param in ports.given])


def listed_in(context: Context, step: Step) -> Pairs:
    """The parameter that a `foreach` step goes over, if it does."""
    name = step.foreach.param if step.foreach is not None else None
    return _declared(context.plan, [(name, context.ports[step.id].params[name])]) if name is not None else []


def _declared(plan: Plan, params: Iterable[tuple[str, str]]) -> Pairs:
    return [(name, f"{{parameterType: {PARAMETER_TYPES[plan.param(param).type]}}}") for param, name in params]


def channels_in(context: Context, step: Step) -> Pairs:
    """The inputs that carry the outcomes a step's task starts on."""
    names = context.graph.names
    groups = shape.watched(context.plan, context.graph, step)
    return [(shape.channel(names[above]), STRING) for group in groups for above in group]


def leaf_of(context: Context, step: Step, status: Pairs) -> Component:
    """The container of a step; `status` is the input that `run.status` comes through, if it does."""
    cache = cache_on(context.plan, step, "kubeflow", lambda: _image(step, context.options))
    own = arguments(context.plan, step, context.ports[step.id], final=bool(status), cache=cache)
    return Component(
        name=context.graph.names[step.id],
        body=Container(
            image=context.common.images[step.id],
            command=context.common.commands[step.id],
            args=items_of(own),
            resources=resources_of(step),
            looks_back=bool(status) and reads_status(step),
        ),
        artifacts_in=artifacts_in(context, step),
        params_in=[*run_in(step), *params_in(context, step), *channels_in(context, step), *status],
        artifacts_out=[(output.name, ARTIFACT_TYPES[output.type]) for output in step.outputs],
        params_out=[(shape.OUTCOME, STRING)] if step.id in context.graph.skippable else [],
    )


def reads_status(step: Step) -> bool:
    """Whether a `finally` step says something that depends on `run.status`."""
    texts = [
        step.when,
        step.body.script if isinstance(step.body, Shell) else None,
        *(as_text(value) for _, value in step.with_),
    ]
    return any("run.status" in text for text in texts if text)


def _comment(step: Step) -> str:
    """What the blocks of a step do not say: which instance it is, since names hold a number only, and what it is for."""
    return yaml_text.comment(joined([step.id if step.instance else "", step.description]))


def _image(step: Step, options: KubeflowOptions) -> str:
    return step.image or options.image or DEFAULT_IMAGE


def items_of(arguments: list[str]) -> list[str]:
    """A process' own arguments as items of a list."""
    return [yaml_text.item(argument, _ARGS) for argument in arguments]


def resources_of(step: Step) -> Pairs:
    """Request and limit alike, so that a step gets what it asks for and no more."""
    wanted = step.resources
    pairs: Pairs = []
    for name, quantity in (("Cpu", wanted.cpu), ("Memory", wanted.memory)):
        if quantity:
            text = yaml_text.scalar(str(quantity))
            pairs += [(f"resource{name}Request", text), (f"resource{name}Limit", text)]
    if wanted.gpu:
        kind = yaml_text.scalar(wanted.gpu_resource)
        pairs.append(("accelerator", f"{{resourceType: {kind}, resourceCount: '{wanted.gpu}'}}"))
    return pairs


def _kind(plan: Plan, step_id: str, output: str) -> str:
    return next(ARTIFACT_TYPES[found.type] for found in plan.by_id[step_id].outputs if found.name == output)
