"""A plan as JSON, for other tools.

In: a plan, lowered. Out: a document with a version; keys are only ever added. Never holds a position or a secret's value.
Change it when the plan carries more.
"""

from __future__ import annotations

from typing import Any

from mlspec.diagnostics.printable import json_document
from mlspec.ir import graph
from mlspec.ir.describe import kind, logic
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import AnyOutput, ExternalUri, Input, ProjectPath
from mlspec.report import Beside

_NOTHING = Beside()


def render(plan: Plan, beside: Beside = _NOTHING) -> str:
    """Return the plan as indented JSON."""
    ids = [step.id for step in plan.steps]
    upstream = {step.id: step.upstream for step in plan.steps}
    document = {
        "version": 1,
        "lifecycle": plan.lifecycle,
        "digest": plan.digest,
        "params": {parameter.name: {"type": parameter.type, "default": parameter.default} for parameter in plan.params},
        "on_failure": plan.on_failure,
        "steps": [{**_step(step), **beside.keys.get(step.id, {})} for step in plan.steps],
        "finally": [{**_step(step), **beside.keys.get(step.id, {})} for step in plan.finals],
        "levels": graph.levels(ids, upstream),
        "critical_path": graph.critical_path(ids, upstream),
        **beside.whole,
    }
    return json_document(document) + "\n"


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "name": step.name,
        "stage": step.stage,
        "kind": kind(step),
        "logic": logic(step),
        "upstream": list(step.upstream),
        "inputs": {item.name: _source(item) for item in step.inputs},
        "outputs": {output.name: output.type for output in step.outputs},
        "with": dict(step.with_),
        "when": step.when,
        "retry": step.retry.limit,
        "lost": step.retry.lost,
        "timeout": step.timeout,
        "environment": step.environment,
        "image": step.image,
        "instance": dict(step.instance.values) if step.instance else None,
    }


def _source(item: Input) -> Any:
    match item.source:
        case ProjectPath(path):
            return {"path": path}
        case ExternalUri(uri):
            return {"uri": uri}
        case AnyOutput(sources):
            return {"any": [f"{output.steps[0]}.{output.output}" for output in sources]}
        case output:
            addresses = [f"{step}.{output.output}" for step in output.steps]
            return addresses if output.many else addresses[0]
