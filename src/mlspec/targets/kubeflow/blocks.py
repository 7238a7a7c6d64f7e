"""The parts of an IR document that one step becomes.

In: a plan, its graph and a step. Out: the task that stands for the step, and components. Owns what is said of a step that is one
container; `foreach` adds what a fan-out needs around it. Never knows where a part stands in the file.
Change it when a step needs something new of KFP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlspec.emission import yaml_text
from mlspec.invocation.from_plan import cache_on
from mlspec.ir.describe import origin
from mlspec.ir.model import Plan, Step
from mlspec.targets.base import joined
from mlspec.targets.kubeflow import graph as shape
from mlspec.targets.kubeflow.arguments import (
    RUN_ID,
    RUN_STATUS,
    Ports,
    arguments,
    ports_of,
    run_arguments,
)
from mlspec.targets.kubeflow.document import Component, Container, Pairs, Task
from mlspec.targets.kubeflow.graph import Graph, graph_of
from mlspec.targets.kubeflow.options import DEFAULT_IMAGE, KubeflowOptions, extension_of, options_of

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
_ARGS = 10
"""How deep an executor's list of arguments is indented."""
STRING = "{parameterType: STRING}"
NESTED_STATUS = "{parameterType: STRUCT, isOptional: true}"
"""A task's final status once it has been passed down into a DAG."""
FINAL_STATUS = "{parameterType: TASK_FINAL_STATUS, isOptional: true}"
RUN_ID_WIRE = (RUN_ID, "{runtimeValue: {constant: '{{$.pipeline_job_uuid}}'}}")


@dataclass(frozen=True, slots=True)
class Sight:
    """What all steps of a document share."""

    plan: Plan
    graph: Graph
    ports: Mapping[str, Ports]
    """By step id."""
    options: KubeflowOptions
    run: list[str]
    """The words that every process begins with, as YAML."""


def sight_of(plan: Plan) -> Sight:
    """Look at a plan as its steps' blocks see it."""
    ports = {step.id: ports_of(step) for step in plan.all_steps()}
    run = [yaml_text.item(word, _ARGS) for word in run_arguments(plan)]
    return Sight(plan, graph_of(plan), ports, options_of(plan), run)


def final_status(above: str) -> Pairs:
    """How an exit task learns the final status of the task above it."""
    return [(RUN_STATUS, f"{{taskFinalStatus: {{producerTask: {above}}}}}")]


def passed(names: Pairs, kind: str = "Parameter") -> Pairs:
    """Take each input from the input of the same name that the DAG around the task has."""
    return [(name, f"{{componentInput{kind}: {yaml_text.scalar(name)}}}") for name, _ in names]


def task_of(sight: Sight, step: Step, status: Pairs) -> Task:
    """The task that stands for a step, in the DAG that all of its kind stand in; `status` comes last, if it does."""
    plan, names, ports = sight.plan, sight.graph.names, sight.ports[step.id]
    groups = shape.watched(plan, sight.graph, step)
    lane = [sight.graph.after[step.id]] if step.id in sight.graph.after else []
    return Task(
        name=names[step.id],
        component=names[step.id],
        depends=", ".join(yaml_text.scalar(names[above]) for above in [*step.upstream, *lane]),
        condition=yaml_text.scalar(shape.condition(sight.graph, groups)) if groups else "",
        artifacts=[
            (name, f"{{taskOutputArtifact: {_key_of('producerTask', names[above], 'outputArtifactKey', output)}}}")
            for (above, output), name in ports.artifacts.items()
        ],
        params=[
            RUN_ID_WIRE,
            *((name, f"{{componentInputParameter: {yaml_text.scalar(param)}}}") for param, name in ports.params.items()),
            *(
                (
                    shape.channel(names[above]),
                    f"{{taskOutputParameter: {_key_of('producerTask', names[above], 'outputParameterKey', shape.OUTCOME)}}}",
                )
                for group in groups
                for above in group
            ),
            *passed(status),
        ],
    )


def _key_of(task: str, name: str, output: str, key: str) -> str:
    """A mapping of two names, either of which may be a word that YAML reads as another value: `no`, `null`."""
    return f"{{{task}: {yaml_text.scalar(name)}, {output}: {yaml_text.scalar(key)}}}"


def artifacts_in(sight: Sight, step: Step) -> Pairs:
    """The input artifacts of a step's component."""
    return [(name, _kind(sight.plan, *source)) for source, name in sight.ports[step.id].artifacts.items()]


def params_in(sight: Sight, step: Step) -> Pairs:
    """The run parameters that a step's component takes."""
    plan = sight.plan
    return [
        (name, f"{{parameterType: {PARAMETER_TYPES[plan.param(param).type]}}}")
        for param, name in sight.ports[step.id].params.items()
    ]


def channels_in(sight: Sight, step: Step) -> Pairs:
    """The inputs that carry the outcomes a step's task starts on."""
    names = sight.graph.names
    groups = shape.watched(sight.plan, sight.graph, step)
    return [(shape.channel(names[above]), STRING) for group in groups for above in group]


def leaf_of(sight: Sight, step: Step, status: Pairs) -> Component:
    """The container of a step; `status` is the input that `run.status` comes through, if it does."""
    cache = cache_on(sight.plan, step, "kubeflow", _image(sight, step))
    options = arguments(sight.plan, step, sight.ports[step.id], final=bool(status), cache=cache)
    return Component(
        name=sight.graph.names[step.id],
        comment=comment_of(sight, step),
        body=Container(
            image=image_text(sight, step),
            args=words(sight, options),
            resources=resources_of(step),
        ),
        artifacts_in=artifacts_in(sight, step),
        params_in=[(RUN_ID, STRING), *params_in(sight, step), *channels_in(sight, step), *status],
        artifacts_out=[(output.name, ARTIFACT_TYPES[output.type]) for output in step.outputs],
        params_out=[(shape.OUTCOME, STRING)] if step.id in sight.graph.skippable else [],
    )


def comment_of(sight: Sight, step: Step) -> str:
    """Which step this is, and where it stands in the spec."""
    return yaml_text.comment(joined([f"{step.id}: {origin(step, sight.plan.spec_file)}", step.description]))


def image_text(sight: Sight, step: Step) -> str:
    """The image that a step's containers run."""
    return yaml_text.scalar(_image(sight, step))


def _image(sight: Sight, step: Step) -> str:
    return step.image or sight.options.image or DEFAULT_IMAGE


def words(sight: Sight, options: list[str]) -> list[str]:
    """A process' own options behind those that all have, as items of a list."""
    return [*sight.run, *(yaml_text.item(word, _ARGS) for word in options)]


def resources_of(step: Step) -> Pairs:
    """Request and limit alike, so that a step gets what it asks for and no more."""
    wanted = step.resources
    pairs: Pairs = []
    for name, quantity in (("Cpu", wanted.cpu), ("Memory", wanted.memory)):
        if quantity:
            text = yaml_text.scalar(str(quantity))
            pairs += [(f"resource{name}Request", text), (f"resource{name}Limit", text)]
    if wanted.gpu:
        kind = yaml_text.scalar(extension_of(step).gpu_resource)
        pairs.append(("accelerator", f"{{resourceType: {kind}, resourceCount: '{wanted.gpu}'}}"))
    return pairs


def _kind(plan: Plan, step_id: str, output: str) -> str:
    return next(ARTIFACT_TYPES[found.type] for found in plan.by_id[step_id].outputs if found.name == output)
