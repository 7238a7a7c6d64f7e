"""PipelineSpec IR from a plan.

In: a `Plan` without findings. Out: one `GeneratedFile`: the IR, and a second YAML document for what only Kubernetes
knows. Owns what stands in each block; the templates own where it stands. Never imports kfp, never builds a document in memory:
text is written straight from the plan, so the cost is linear in it. Change it when a step needs something new of KFP.

Each step is three blocks (component, executor, task), because the IR keeps three maps. All are in plan order.
KFP's own cache is off: a step it took from its cache would leave no record in the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlspec.plan.describe import origin
from mlspec.plan.model import Plan, Step
from mlspec.resources import folder
from mlspec.targets.base import GeneratedFile, joined, sealed
from mlspec.targets.kubeflow import graph as shape
from mlspec.targets.kubeflow import platform, yamltext
from mlspec.targets.kubeflow.arguments import RUN_ID, RUN_STATUS, arguments, artifact_inputs, param_inputs
from mlspec.targets.kubeflow.graph import Graph, graph_of
from mlspec.targets.kubeflow.options import DEFAULT_IMAGE, KubeflowOptions, extension_of, image_of, options_of

SCHEMA_TITLES = {"dataset": "system.Dataset", "model": "system.Model", "metrics": "system.Metrics"}
PARAMETER_TYPES = {
    "string": "STRING",
    "integer": "NUMBER_INTEGER",
    "number": "NUMBER_DOUBLE",
    "boolean": "BOOLEAN",
    "list": "LIST",
    "object": "STRUCT",
}

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Block:
    """One step, as the templates want it: names, and texts that are already YAML."""

    comment: str
    task: str
    image: str
    args: list[str]
    artifacts_in: Pairs
    """Name and schema title."""
    params_in: Pairs
    """Name and the type's flow mapping."""
    artifacts_out: Pairs
    says_outcome: bool
    resources: Pairs
    depends: str
    sources: list[tuple[str, str, str]]
    """Input, producing task, its output."""
    params: Pairs
    """Input and where it is from, as a flow mapping."""
    condition: str


def emit(plan: Plan) -> list[GeneratedFile]:
    """Compile to `<lifecycle>.yaml`."""
    options = options_of(plan)
    graph = graph_of(plan)
    platforms = [(graph.names[step.id], text) for step in plan.all_steps() if (text := platform.settings(plan, step))]
    body = (
        _templates()
        .get_template("pipeline.yaml.j2")
        .render(
            name=plan.lifecycle,
            description=yamltext.item(plan.description, 4) if plan.description else "",
            root=yamltext.scalar(options.pipeline_root) if options.pipeline_root else "",
            digest=yamltext.scalar(f"--spec-digest={plan.digest}"),
            parameters=[(p.name, PARAMETER_TYPES[p.type], yamltext.value(p.default)) for p in plan.params],
            descriptions={p.name: yamltext.item(p.description, 8) for p in plan.params if p.description},
            steps=list(_blocks(plan, graph, options, plan.steps, final=False)),
            finals=list(_blocks(plan, graph, options, plan.finals, final=True)),
            platforms=platforms,
            STEPS=shape.STEPS,
            FINALLY=shape.FINALLY,
            OUTCOME=shape.OUTCOME,
            RUN_STATUS=RUN_STATUS,
        )
    )
    return [GeneratedFile(f"{plan.lifecycle}.yaml", sealed(plan, "kubeflow", body))]


def _blocks(plan: Plan, graph: Graph, options: KubeflowOptions, steps: Sequence[Step], *, final: bool) -> Iterator[Block]:
    for step in steps:
        groups = shape.watched(plan, graph, step)
        artifacts = artifact_inputs(plan, step)
        params = param_inputs(step)
        channels = [(shape.channel(graph.names[above]), graph.names[above]) for group in groups for above in group]
        yield Block(
            comment=yamltext.comment(joined([f"{step.id}: {origin(step, plan.spec_file)}", step.description])),
            task=graph.names[step.id],
            image=yamltext.scalar(image_of(plan, step, options) or DEFAULT_IMAGE),
            args=[yamltext.item(word, 10) for word in arguments(plan, step, final=final)],
            artifacts_in=[(name, _title(plan, *source)) for source, name in artifacts.items()],
            params_in=[
                (RUN_ID, "STRING"),
                *((name, PARAMETER_TYPES[plan.param(param).type]) for param, name in params.items()),
                *((name, "STRING") for name, _ in channels),
            ],
            artifacts_out=[(output.name, _schema(output.type)) for output in step.outputs],
            says_outcome=step.id in graph.skippable,
            resources=_resources(step),
            depends=", ".join(graph.names[above] for above in step.upstream),
            sources=[(name, graph.names[above], output) for (above, output), name in artifacts.items()],
            params=[
                (RUN_ID, "runtimeValue: {constant: '{{$.pipeline_job_uuid}}'}"),
                *((name, f"componentInputParameter: {param}") for param, name in params.items()),
                *(
                    (name, f"taskOutputParameter: {{producerTask: {task}, outputParameterKey: {shape.OUTCOME}}}")
                    for name, task in channels
                ),
            ],
            condition=yamltext.scalar(shape.condition(graph, groups)) if groups else "",
        )


def _schema(kind: str) -> str:
    return SCHEMA_TITLES.get(kind, "system.Artifact")


def _title(plan: Plan, step_id: str, output: str) -> str:
    return next(_schema(found.type) for found in plan.by_id[step_id].outputs if found.name == output)


def _resources(step: Step) -> Pairs:
    """Request and limit alike, so that a step gets what it asks for and no more."""
    wanted = step.resources
    pairs: Pairs = []
    if wanted.cpu:
        pairs += [("resourceCpuRequest", _quoted(wanted.cpu)), ("resourceCpuLimit", _quoted(wanted.cpu))]
    if wanted.memory:
        pairs += [("resourceMemoryRequest", _quoted(wanted.memory)), ("resourceMemoryLimit", _quoted(wanted.memory))]
    if wanted.gpu:
        kind = yamltext.scalar(extension_of(step).gpu_resource)
        pairs.append(("accelerator", f"{{resourceType: {kind}, resourceCount: '{wanted.gpu}'}}"))
    return pairs


def _quoted(text: Any) -> str:
    return yamltext.scalar(str(text))


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(folder("templates") / "kubeflow"),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
