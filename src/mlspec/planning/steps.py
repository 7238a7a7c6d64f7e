"""Steps of the spec → steps of the plan.

In: wired steps without errors, in topological order. Out: frozen plan steps, a matrix as one step for each instance.
Owns the expansion of matrices, the defaults and the naming of instances; never checks (see `wiring` and `checks`).
Change it when a step of the plan carries something new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

from mlspec.expr.addresses import split
from mlspec.expr.instances import in_condition, in_template
from mlspec.expr.template import Placeholder, TemplateError, parse
from mlspec.expr.values import as_text
from mlspec.ir import bodies, declarations, model, sources
from mlspec.ir.describe import id_of
from mlspec.planning.reading import beside, reading
from mlspec.planning.scope import PAIRED, Named, Path, Scope
from mlspec.planning.wiring import Wired
from mlspec.spec.inputs import Source
from mlspec.spec.step import Resources, Retry
from mlspec.spec.step import Step as SpecStep
from mlspec.terms import TRACKERS, Json

Instances = Mapping[str, tuple[bodies.Instance | None, ...]]
Extensions = Mapping[Path, Mapping[str, Mapping[str, Json]]]
"""What steps say to targets alone, by their paths in the spec and then by target."""


def instances_of(step: SpecStep) -> tuple[bodies.Instance | None, ...]:
    """The elements of a step's matrix; `(None,)` without one."""
    if step.matrix is None:
        return (None,)
    keys, combinations = step.matrix.keys, step.matrix.combinations
    return tuple(
        bodies.Instance(index, tuple(zip(keys, one.values, strict=True)), one.places) for index, one in enumerate(combinations)
    )


class Builder:
    """Makes the plan's steps of one pipeline."""

    def __init__(self, scope: Scope, wired: Mapping[str, Wired], extensions: Extensions = MappingProxyType({})) -> None:
        self.scope = scope
        self.wired = wired
        self.extensions = extensions
        self.defaults = scope.spec.lifecycle.defaults
        self.cache = self.defaults.cache is not False
        self._pair: tuple[str, int] | None = None
        """The step over whose matrix or list the step that is built runs by `each`, and the number of the instance, if it has one."""
        self.instances = {name: instances_of(named.step) for name, named in scope.steps.items()}
        self.ids = {name: tuple([id_of(name, one) for one in instances]) for name, instances in self.instances.items()}

    def build(self, order: list[str]) -> Iterator[model.Step]:
        """Yield the steps named in `order`, instances of a matrix side by side."""
        rank = {name: index for index, name in enumerate(order)}
        for name in order:
            wired = self.wired[name]
            above = sorted(wired.edges, key=rank.__getitem__)
            fan, self._pair = wired.named.fan, None
            (upstream, groups), shared = self._upstream(wired, above), self._shared(wired)
            for step, instance in zip(self.ids[name], self.instances[name], strict=True):
                if fan is not None:
                    self._pair = (fan, instance.index if instance is not None else 0)
                    (upstream, groups), shared = self._upstream(wired, above), self._shared(wired)
                shared |= {
                    "id": step,
                    "slug": name if instance is None else f"{name}__{instance.index}",
                    "instance": instance,
                    "upstream": upstream,
                    "groups": groups,
                    "description": _described(wired.named.step.description, instance),
                }
                yield model.Step.of(shared)

    def _upstream(self, wired: Wired, names: list[str]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """The ids that a step hangs on, in order, and what of them counts as one where single instances are meant."""
        if all(len(group) == 1 and group[0][1] is None for group in wired.groups):
            return tuple(chain.from_iterable([self.ids[other] for other in names])), ()
        groups = [tuple(chain.from_iterable(self._ids_of(*one) for one in group)) for group in wired.groups]
        wanted = {one for group in groups for one in group}
        return tuple(one for name in names for one in self.ids[name] if one in wanted), tuple(dict.fromkeys(groups))

    def _ids_of(self, name: str, only: int | None) -> tuple[str, ...]:
        if only == PAIRED:
            only = self._pair[1] if self._pair is not None else 0
        return self.ids[name] if only is None else (self.ids[name][only],)

    def named(self, part: str) -> Named:
        """What the first part of an address means, in brackets or by the name that it has in the plan."""
        found = self.scope.find(part)
        if found is None:
            name, _, index = part.rpartition("__")
            found = self.scope.steps[name]._replace(only=int(index))
        return found

    def template(self, text: str) -> str:
        """A text in whose placeholders instances have the names that they have in the plan."""
        return in_template(text, lambda part: self.named(part).root)

    def condition(self, text: str) -> str:
        """The same of a condition."""
        return in_condition(text, lambda part: self.named(part).root)

    def _shared(self, wired: Wired) -> dict[str, Any]:
        named, step, reads = wired.named, wired.named.step, wired.reads
        process = step.gate is None and step.approval is None
        resources = (step.resources or self.defaults.resources) if process else None
        retries = [retry for retry in (step.retry, self.defaults.retry) if retry is not None]  # the step's own first
        fields = self._cache(wired)
        fields |= {
            "name": named.name,
            "body": self._body(named),
            "stage": named.stage,
            "stage_given": named.stage_given,
            "inputs": tuple([sources.Input(name, self._source(source)) for name, source in step.inputs.items()]),
            "outputs": tuple(
                [bodies.Output(name, kind, file=named.files.get(name, "")) for name, kind in named.outputs.items()]
            ),
            "values": tuple([self.value(address) for address in sorted(reads.values)]) if reads.values else (),
            "params": tuple(sorted(reads.params)) if reads.params else (),
            "run_fields": tuple(sorted(reads.run)) if reads.run else (),
            "with_": self._options(named) if step.with_ or named.library is not None else (),
            "when": self.condition(step.when.strip()) if step.when else None,
            "run_if": step.run_if,
            "retry": _retry(retries, process=process) if retries else model.NO_RETRY,
            "lost_given": bool(retries) and any("lost" in retry.model_fields_set for retry in retries),
            "timeout": (step.timeout or self.defaults.timeout) if process else None,
            "resources": _resources(resources) if resources else model.NO_RESOURCES,
            "environment": (step.environment or self.defaults.environment) if process else None,
            "image_environment": None if process else step.environment,
            "env": tuple([(name, self.template(text)) for name, text in step.env.items()]) if step.env else (),
            "secrets": tuple(step.secrets) if step.gate is None else self._credentials(step),
            "parallel": step.parallel,
            "foreach": self._foreach(step),
            "extensions": self.extensions.get(named.path, {}),
            "span": self.scope.spec.key_span(*named.path),
        }
        if named.fan is not None:
            pairs = [name for group in wired.groups for name, only in group if only == PAIRED]
            fields |= {"each": named.fan, "pairs": tuple(dict.fromkeys(pairs))}
        return fields

    def _credentials(self, gate: SpecStep) -> tuple[str, ...]:
        """What trackers want of the process of a gate, which has no body that could see it."""
        lifecycle = self.scope.spec.lifecycle
        if lifecycle.tracking is None and lifecycle.lineage is None:
            return tuple(gate.secrets)
        own = [
            name
            for name, secret in lifecycle.secrets.items()
            if secret.variables and all(variable.startswith(TRACKERS) for variable in secret.variables)
        ]
        return tuple(dict.fromkeys((*gate.secrets, *own)))

    def _cache(self, wired: Wired) -> dict[str, Any]:
        """What nobody can see a change of, a download or a query, is taken only where the step itself says so."""
        rule = wired.named.step.cache
        if rule is not None:
            return {"cache": rule.enabled, "cache_for": rule.for_, "cache_key": self.template(rule.key or "")}
        return {"cache": self.cache and bool(wired.named.step.inputs or wired.read)}

    def _options(self, named: Named) -> tuple[tuple[str, Json], ...]:
        given: Mapping[str, Json] = named.step.with_
        if named.library is not None:
            given = {name: beside(self.scope, named, name, value) for name, value in given.items()}
            given |= reading(self.scope, named)
        return tuple([(name, _mapped(value, self.template)) for name, value in given.items()])

    def _source(self, source: Source) -> sources.StepOutput | sources.AnyOutput | sources.ProjectPath | sources.ExternalUri:
        if source.path is not None:
            return sources.ProjectPath(source.path)
        if source.uri is not None:
            return sources.ExternalUri(source.uri)
        if source.any is not None:
            return sources.AnyOutput(tuple(self._output(*split(address)) for address in source.any))
        step, output = split(str(source.address))
        return self._output(step, output)

    def _output(self, part: str, output: str) -> sources.StepOutput:
        named = self.named(part)
        if self._pair is not None and named.only is None and self._pair[0] in (named.fan, named.name):
            named = named._replace(only=self._pair[1])
        return sources.StepOutput(
            self._ids_of(named.name, named.only),
            output,
            named.outputs[output],
            many=named.many,
            dynamic=named.step.foreach is not None,
            file=named.files.get(output, ""),
        )

    def value(self, address: str) -> sources.Value:
        """What an expression reads under `step.output`."""
        return sources.Value(address, self._output(*address.split(".")))

    def _foreach(self, step: SpecStep) -> model.ForEach | None:
        if step.foreach is None:
            return None
        if isinstance(step.foreach, list):
            return model.ForEach(None, (), tuple(step.foreach), step.parallel)
        name, output, *field = split(step.foreach)
        if name == "params":
            return model.ForEach(None, tuple(field), (), step.parallel, output)
        return model.ForEach(self.value(f"{self.named(name).root}.{output}"), tuple(field), (), step.parallel)

    def _body(self, named: Named) -> model.Body:
        step = named.step
        if step.run is not None:
            return bodies.Shell(self.template(step.run))
        if step.call is not None:
            return bodies.Call(step.call)
        if step.uses is not None:
            return bodies.Uses(step.uses)
        if step.gate is not None:
            return bodies.Gate(tuple([self.condition(line.strip()) for line in step.gate]), step.otherwise or "stop")
        assert step.approval is not None
        asked = step.approval
        return bodies.Approval(self.template(asked.message), tuple(asked.approvers), asked.timeout)


def _mapped(value: Json, change: Callable[[str], str]) -> Json:
    """A value with every text in it changed; the value itself where there is none to change."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return value


def _retry(given: list[Retry], *, process: bool) -> bodies.Retry:
    """A step's own retries, else the defaults'; how often it may be lost is said apart, and of gates, too."""
    lost = next((retry.lost for retry in given if "lost" in retry.model_fields_set), model.NO_RETRY.lost)
    if not process:
        return bodies.Retry(lost=lost)
    return bodies.Retry(given[0].limit, given[0].delay, given[0].factor, given[0].max_delay, lost)


def _resources(given: Resources) -> declarations.Resources:
    return declarations.Resources(given.cpu, given.memory, given.gpu, given.gpu_resource)


def _described(text: str, instance: bodies.Instance | None) -> str:
    """Put the matrix' values into a description; what only a run knows keeps its placeholder."""
    if instance is None or "${{" not in text:
        return text
    known = dict(instance.values)
    try:
        parts = parse(text)
    except TemplateError:
        return text
    return "".join(_shown(part, known) if isinstance(part, Placeholder) else part for part in parts)


def _shown(part: Placeholder, known: Mapping[str, Json]) -> str:
    root, *fields = split(part.address)
    value: Json = known
    for field in fields if root == "matrix" else ():
        value = value[field]
    return as_text(value) if root == "matrix" else f"${{{{ {part.address} }}}}"
