"""A spec → its pipelines, checked.

In: a validated `Spec`. Out: a `Draft`, or None with errors, and all findings. Owns the order of the checks: names, wiring, the
graph, the files in `checks/`. Never makes a plan (see `build`) nor imports a target. Change it when a stage is added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mlspec.diagnostics import Diagnostic, Related, has_errors
from mlspec.diagnostics.collection import Findings, TooManyError, did_you_mean
from mlspec.ir import graph
from mlspec.planning import locks, requirements, variables
from mlspec.planning.checks import (
    brackets,
    calls,
    files,
    gates,
    images,
    matrices,
    mentions,
    pins,
    profiles,
    readings,
    registries,
    schemes,
    undeclared,
    unused,
)
from mlspec.planning.expressions import Expressions
from mlspec.planning.locks import Locks
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Scope
from mlspec.planning.wiring import Wired, wire
from mlspec.spec.loaded import Spec
from mlspec.spec.matrix import MAX_COMBINATIONS

CHECKS: tuple[Callable[[Pipeline, Findings], None], ...] = (
    files.check,
    calls.check,
    undeclared.check,
    gates.check,
    brackets.check,
    readings.check,
    unused.check_outputs,
)
"""Checks of one pipeline, in no particular order."""

SPEC_CHECKS: tuple[Callable[[Spec, Iterable[Pipeline], Findings], None], ...] = (
    unused.check_params,
    images.check,
    profiles.check,
    mentions.check,
    registries.check,
)
"""Checks of the whole spec."""

MAX_INSTANCES = 1000
MAX_STEPS = 50_000
"""Steps of a pipeline with every instance of a matrix counted."""
_SHOWN = 12
"""Steps of a cycle that are named in its message."""
_EDGES = 100
"""Edges of a cycle that are shown."""


@dataclass(frozen=True)
class Draft:
    """A spec whose pipelines are known to hold together: what a plan is made from."""

    spec: Spec
    pipelines: tuple[Pipeline, ...]
    """The lifecycle's own, then the monitor's where there is one."""
    requirements: Mapping[str, tuple[str, ...]]
    """The lines of each environment, those of its requirements file included."""
    locks: Locks
    """What of that is locked."""


def check(spec: Spec) -> tuple[Draft | None, list[Diagnostic]]:
    """Check all pipelines; None where a finding is an error."""
    findings = Findings()
    try:
        return _checked(spec, findings), findings
    except TooManyError:
        return None, findings


def _checked(spec: Spec, findings: Findings) -> Draft | None:
    bases: list[tuple[str | int, ...]] = [()]
    if spec.lifecycle.monitor is not None:
        bases.append(("monitor",))
    pipelines = [_pipeline(Scope(spec, base), findings) for base in bases]
    if spec.lifecycle.monitor is not None and spec.lifecycle.monitor.retrain is not None:
        retrain = Expressions(pipelines[1].scope, None, findings)
        retrain.condition(("monitor", "retrain"))
        pipelines[1].retrain = retrain.reads
    variables.check(pipelines, findings)
    for pipeline in pipelines:
        for check_pipeline in CHECKS:
            check_pipeline(pipeline, findings)
    for check_spec in SPEC_CHECKS:
        check_spec(spec, pipelines, findings)
    listed = {name: requirements.of(spec, name, findings) for name in spec.lifecycle.environments}
    schemes.check(spec, pipelines, listed, findings)
    held = locks.read(spec, listed, pipelines)
    findings.extend(held.faults)
    pins.check(spec, held.packages, findings)
    _default_environment(spec, findings)
    return None if has_errors(findings) else Draft(spec, tuple(pipelines), listed, held)


def _pipeline(scope: Scope, findings: Findings) -> Pipeline:
    wired = {name: wire(scope, named, findings) for name, named in scope.steps.items()}
    _instances(scope, findings)
    _shared_names(scope, findings)
    pipeline = Pipeline(scope, wired)
    for section in (pipeline.steps, pipeline.finals):
        upstream = {name: wired[name].edges for name in section}
        order = graph.order(section, upstream)
        if order is None:
            for cycle in graph.cycles(section, upstream):
                _cycle(scope, wired, cycle, findings)
        else:
            pipeline.order += order
    return pipeline


def _cycle(scope: Scope, wired: dict[str, Wired], cycle: list[str], findings: Findings) -> None:
    """Report a cycle at its first step in the file, with the place of every edge."""
    pairs = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    related = tuple(
        Related(wired[node].edges[other].span, f"`{node}` waits for `{other}` here") for node, other in pairs[:_EDGES]
    )
    shown = cycle if len(cycle) <= _SHOWN else [*cycle[: _SHOWN - 1], f"… {len(cycle) - _SHOWN:,} more …", cycle[-1]]
    chain = " → ".join([*shown, cycle[0]])
    path = scope.steps[cycle[0]].path
    hint = "remove one of these edges"
    findings.add(
        "MLS401", f"these steps wait for each other: {chain}", scope.spec.key_span(*path), hint, path=path, related=related
    )


def _instances(scope: Scope, findings: Findings) -> None:
    slugs: dict[str, str] = {name: name for name in scope.steps}
    total = len(scope.steps)
    if total > MAX_STEPS:
        section = (*scope.base, "steps")
        message = f"a pipeline of {total:,} steps; at most {MAX_STEPS:,} are planned"
        findings.add("MLS412", message, scope.spec.key_span(*section), "use `foreach`, or split the pipeline", path=section)
        return
    for name, named in scope.steps.items():
        if named.step.matrix is None:
            continue
        path = (*named.path, "matrix")
        size = named.step.matrix.size + len(named.step.matrix.include)
        count = min(size, 10**15) if size > MAX_COMBINATIONS else len(named.step.matrix.combinations)
        total += count
        matrices.check(scope, named, findings)
        if count > MAX_INSTANCES or total > MAX_STEPS:
            message = f"a matrix of {count:,} instances; at most {MAX_INSTANCES:,} are planned"
            if count <= MAX_INSTANCES:
                message = f"with this matrix the pipeline has {total:,} steps; at most {MAX_STEPS:,} are planned"
            findings.add("MLS412", message, scope.spec.key_span(*path), "use `foreach`, or split the step", path=path)
            continue
        for index in range(count):
            slug = f"{name}__{index}"
            if slugs.setdefault(slug, name) != name:
                message = f"`{slug}` is also the name of an instance of `{name}`"
                findings.add("MLS412", message, scope.spec.key_span(*scope.steps[slug].path), "rename one of them", path=path)


def _shared_names(scope: Scope, findings: Findings) -> None:
    lifecycle = scope.spec.lifecycle
    if scope.base:
        return
    for name in lifecycle.finally_:
        if name in lifecycle.steps:
            first = Related(scope.spec.key_span("steps", name), "the other one")
            span = scope.spec.key_span("finally", name)
            message = f"`{name}` is a step already: both would write the same outputs"
            findings.add("MLS416", message, span, "rename one of them", path=("finally", name), related=(first,))


def _default_environment(spec: Spec, findings: Findings) -> None:
    name, known = spec.lifecycle.defaults.environment, spec.lifecycle.environments
    if name is not None and name not in known:
        path = ("defaults", "environment")
        hint = did_you_mean(name, known, nothing="define it under `environments`")
        findings.add("MLS314", f"there is no environment `{name}`", spec.span(*path), hint, path=path)
