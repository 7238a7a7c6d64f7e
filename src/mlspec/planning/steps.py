"""Steps of the spec → steps of the plan.

In: wired steps without errors, in topological order. Out: frozen plan steps, a matrix as one step for each instance.
Owns the expansion of matrices, the defaults and the naming of instances; never checks (see `wiring` and `checks`).
Change it when a step of the plan carries something new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, product
from types import MappingProxyType
from typing import Any

from mlspec.expr.template import Placeholder, TemplateError, parse
from mlspec.expr.values import as_text
from mlspec.ir import bodies, model
from mlspec.ir.describe import id_of
from mlspec.planning.scope import Named, Path, Scope
from mlspec.planning.wiring import Wired
from mlspec.spec.step import Source
from mlspec.spec.step import Step as SpecStep
from mlspec.terms import Json

Instances = Mapping[str, tuple[bodies.Instance | None, ...]]
Extensions = Mapping[Path, Mapping[str, Mapping[str, Json]]]
"""What steps say to targets alone, by their paths in the spec and then by target."""


def instances_of(step: SpecStep) -> tuple[bodies.Instance | None, ...]:
    """The elements of a step's matrix, the first key outermost; `(None,)` without one."""
    if step.matrix is None:
        return (None,)
    combinations = product(*step.matrix.values())
    return tuple(
        bodies.Instance(index, tuple(zip(step.matrix, values, strict=True))) for index, values in enumerate(combinations)
    )


class Builder:
    """Makes the plan's steps of one pipeline."""

    def __init__(self, scope: Scope, wired: Mapping[str, Wired], extensions: Extensions = MappingProxyType({})) -> None:
        self.scope = scope
        self.wired = wired
        self.extensions = extensions
        self.defaults = scope.spec.lifecycle.defaults
        self.cache = self.defaults.cache is not False
        self.instances = {name: instances_of(named.step) for name, named in scope.steps.items()}
        self.ids = {name: tuple([id_of(name, one) for one in instances]) for name, instances in self.instances.items()}

    def build(self, order: list[str]) -> Iterator[model.Step]:
        """Yield the steps named in `order`, instances of a matrix side by side."""
        rank = {name: index for index, name in enumerate(order)}
        for name in order:
            wired = self.wired[name]
            upstream = tuple(chain.from_iterable(self.ids[other] for other in sorted(wired.edges, key=rank.__getitem__)))
            shared = self._shared(wired)
            for step, instance in zip(self.ids[name], self.instances[name], strict=True):
                yield model.Step(
                    id=step,
                    slug=name if instance is None else f"{name}__{instance.index}",
                    instance=instance,
                    upstream=upstream,
                    description=_described(wired.named.step.description, instance),
                    **shared,
                )

    def _shared(self, wired: Wired) -> dict[str, Any]:
        named, step = wired.named, wired.named.step
        process = step.gate is None and step.approval is None
        retry = (step.retry or self.defaults.retry) if process else None
        resources = (step.resources or self.defaults.resources) if process else None
        return {
            "name": named.name,
            "body": _body(named),
            "stage": named.stage,
            "stage_given": named.stage_given,
            "inputs": tuple([model.Input(name, self._source(source)) for name, source in step.inputs.items()]),
            "outputs": tuple([bodies.Output(name, kind) for name, kind in named.outputs.items()]),
            "values": tuple([self.value(address) for address in sorted(wired.reads.values)]),
            "params": tuple(sorted(wired.reads.params)),
            "with_": tuple(step.with_.items()),
            "when": step.when.strip() if step.when else None,
            "run_if": step.run_if,
            "retry": bodies.Retry(retry.limit, retry.delay, retry.factor, retry.max_delay) if retry else _NO_RETRY,
            "timeout": (step.timeout or self.defaults.timeout) if process else None,
            "resources": model.Resources(resources.cpu, resources.memory, resources.gpu) if resources else _NO_RESOURCES,
            "environment": (step.environment or self.defaults.environment) if process else None,
            "image_environment": None if process else step.environment,
            "secrets": tuple(step.secrets),
            "cache": self.cache if step.cache is None else step.cache,
            "parallel": step.parallel,
            "foreach": self._foreach(step),
            "extensions": self.extensions.get(named.path, {}),
            "span": self.scope.spec.key_span(*named.path),
        }

    def _source(self, source: Source) -> model.StepOutput | model.ProjectPath | model.ExternalUri:
        if source.path is not None:
            return model.ProjectPath(source.path)
        if source.uri is not None:
            return model.ExternalUri(source.uri)
        step, output = str(source.address).split(".")
        return self._output(step, output)

    def _output(self, name: str, output: str) -> model.StepOutput:
        named = self.scope.steps[name]
        return model.StepOutput(
            self.ids[name], output, named.outputs[output], many=named.many, dynamic=named.step.foreach is not None
        )

    def value(self, address: str) -> model.Value:
        """What an expression reads under `step.output`."""
        return model.Value(address, self._output(*address.split(".")))

    def _foreach(self, step: SpecStep) -> model.ForEach | None:
        if step.foreach is None:
            return None
        if isinstance(step.foreach, list):
            return model.ForEach(None, (), tuple(step.foreach), step.parallel)
        name, output, *field = step.foreach.split(".")
        return model.ForEach(self.value(f"{name}.{output}"), tuple(field), (), step.parallel)


_NO_RETRY = bodies.Retry()
_NO_RESOURCES = model.Resources()


def _body(named: Named) -> model.Body:
    step = named.step
    if step.run is not None:
        return bodies.Shell(step.run)
    if step.call is not None:
        return bodies.Call(step.call)
    if step.uses is not None:
        return bodies.Uses(step.uses)
    if step.gate is not None:
        return bodies.Gate(tuple(line.strip() for line in step.gate), step.otherwise or "stop")
    assert step.approval is not None
    return bodies.Approval(step.approval.message, tuple(step.approval.approvers), step.approval.timeout)


def _described(text: str, instance: bodies.Instance | None) -> str:
    """Put the matrix' values into a description; what only a run knows keeps its placeholder."""
    if instance is None or "${{" not in text:
        return text
    known = {f"matrix.{key}": as_text(value) for key, value in instance.values}
    try:
        parts = parse(text)
    except TemplateError:
        return text
    return "".join(_shown(part, known) if isinstance(part, Placeholder) else part for part in parts)


def _shown(part: Placeholder, known: Mapping[str, str]) -> str:
    return known.get(part.address, f"${{{{ {part.address} }}}}")
