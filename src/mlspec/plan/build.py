"""A spec → a plan.

In: a validated `Spec`. Out: a `Plan`, or None with errors, and all findings. Owns the order of the stages: names, wiring, the
graph, the passes, the steps. Never imports a target. Change it when a stage is added; a check is a pass.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from mlspec.diagnostics import Diagnostic, Related, Span, has_errors
from mlspec.plan import graph, model
from mlspec.plan.expressions import Expressions
from mlspec.plan.findings import Findings, TooManyError, did_you_mean
from mlspec.plan.passes import calls, files, gates, images, pins, policies, unused
from mlspec.plan.pipeline import Pipeline
from mlspec.plan.scope import Scope
from mlspec.plan.steps import Builder, instances_of
from mlspec.plan.wiring import Wired, wire
from mlspec.source import plain
from mlspec.spec.loaded import Spec

PASSES: tuple[Callable[[Pipeline, Findings], None], ...] = (
    files.check,
    calls.check,
    gates.check,
    unused.check_outputs,
    policies.check,
)
"""Checks of one pipeline, in no particular order."""

SPEC_PASSES: tuple[Callable[[Spec, Iterable[Pipeline], Findings], None], ...] = (
    unused.check_params,
    pins.check,
    images.check,
)
"""Checks of the whole spec."""

MAX_INSTANCES = 1000
MAX_STEPS = 50_000
"""Steps of a pipeline with every instance of a matrix counted."""
_SHOWN = 12
"""Steps of a cycle that are named in its message."""
_EDGES = 100
"""Edges of a cycle that are shown."""


def build(spec: Spec) -> tuple[model.Plan | None, list[Diagnostic]]:
    """Make the plan; None where a finding is an error."""
    findings = Findings()
    try:
        return _built(spec, findings), findings
    except TooManyError:
        return None, findings


def _built(spec: Spec, findings: Findings) -> model.Plan | None:
    bases: list[tuple[str | int, ...]] = [()]
    if spec.lifecycle.monitor is not None:
        bases.append(("monitor",))
    pipelines = [_pipeline(Scope(spec, base), findings) for base in bases]
    if spec.lifecycle.monitor is not None and spec.lifecycle.monitor.retrain is not None:
        retrain = Expressions(pipelines[1].scope, None, findings)
        retrain.condition(("monitor", "retrain"))
        pipelines[1].retrain = retrain.reads
    for pipeline in pipelines:
        for check in PASSES:
            check(pipeline, findings)
    for check_spec in SPEC_PASSES:
        check_spec(spec, pipelines, findings)
    environments = _environments(spec, findings)
    _default_environment(spec, findings)
    return None if has_errors(findings) else _plan(spec, pipelines, environments)


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
        count = 1
        for values in named.step.matrix.values():
            count = min(count * len(values), 10**15)
        total += count
        if count > MAX_INSTANCES or total > MAX_STEPS:
            message = f"a matrix of {count:,} instances; at most {MAX_INSTANCES:,} are planned"
            if count <= MAX_INSTANCES:
                message = f"with this matrix the pipeline has {total:,} steps; at most {MAX_STEPS:,} are planned"
            findings.add("MLS412", message, scope.spec.key_span(*path), "use `foreach`, or split the step", path=path)
            continue
        for instance in instances_of(named.step):
            slug = f"{name}__{instance.index if instance else 0}"
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


def _environments(spec: Spec, findings: Findings) -> dict[str, model.Environment]:
    result = {}
    for name, environment in spec.lifecycle.environments.items():
        lines = tuple(environment.requirements.packages)
        if environment.requirements.file is not None:
            lines += tuple(_requirements(spec, name, environment.requirements.file, findings))
        span = spec.key_span("environments", name)
        result[name] = model.Environment(
            name, environment.python, lines, environment.image, tuple(environment.pythonpath), span
        )
    return result


def _requirements(spec: Spec, name: str, file: str, findings: Findings) -> Iterable[str]:
    path = ("environments", name, "requirements", "file")
    try:
        text = (spec.folder / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"the requirements file `{file}` cannot be read: {reason}"
        findings.add("MLS413", message, spec.span(*path), "the path is relative to the spec", path=path)
        return []
    lines = (line.split(" #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _plan(spec: Spec, pipelines: list[Pipeline], environments: dict[str, model.Environment]) -> model.Plan:
    lifecycle = spec.lifecycle
    main = _pipeline_plan(spec, pipelines[0], environments, lifecycle.metadata.name)
    if lifecycle.monitor is None:
        return main
    monitor = lifecycle.monitor
    watched = _pipeline_plan(spec, pipelines[1], environments, f"{lifecycle.metadata.name}-monitor")
    builder = Builder(pipelines[1].scope, pipelines[1].wired)
    reads = pipelines[1].retrain
    values = tuple(builder.value(address) for address in sorted(reads.values)) if reads else ()
    return replace(main, monitor=model.Monitor(watched, monitor.retrain, values, spec.key_span("monitor")))


def _pipeline_plan(spec: Spec, pipeline: Pipeline, environments: dict[str, model.Environment], name: str) -> model.Plan:
    lifecycle = spec.lifecycle
    steps = tuple(Builder(pipeline.scope, pipeline.wired).build(pipeline.order))
    monitor = bool(pipeline.scope.base)
    return model.Plan(
        lifecycle=name,
        spec_file=PurePath(spec.file).name,
        digest=_digest(spec),
        steps=tuple(step for step in steps if not pipeline.scope.steps[step.name].final),
        finals=tuple(step for step in steps if pipeline.scope.steps[step.name].final),
        params=tuple(_parameter(spec, key) for key in lifecycle.params),
        environments=environments,
        secrets={key: _secret(spec, key) for key in lifecycle.secrets},
        store=lifecycle.store,
        store_span=spec.span("store") if spec.node("store") else None,
        on_failure="stop" if monitor else lifecycle.on_failure,
        on_failure_span=spec.span("on_failure") if spec.node("on_failure") else None,
        description=lifecycle.metadata.description,
        owners=tuple(lifecycle.metadata.owners),
        labels=tuple(sorted(lifecycle.metadata.labels.items())),
        tracking_uri=lifecycle.tracking.uri if lifecycle.tracking else None,
        tracking_experiment=lifecycle.tracking.experiment if lifecycle.tracking else None,
        schedule=_schedule(spec, monitor),
        notifications=tuple(
            model.Notification(tuple(note.events), note.to.model_dump(exclude_none=True), spec.span("notifications", index))
            for index, note in enumerate(lifecycle.notifications)
        ),
        governance=lifecycle.governance.model_dump(exclude_none=True) if lifecycle.governance else {},
    )


def _parameter(spec: Spec, name: str) -> model.Parameter:
    param = spec.lifecycle.params[name]
    return model.Parameter(
        name,
        param.type,
        param.default,
        param.description,
        param.minimum,
        param.maximum,
        tuple(param.enum),
        param.pattern,
        spec.key_span("params", name),
    )


def _secret(spec: Spec, name: str) -> model.Secret:
    secret = spec.lifecycle.secrets[name]
    airflow: tuple[Any, str] | None = None
    if secret.airflow is not None:
        kind = "connection" if secret.airflow.connection is not None else "variable"
        airflow = (kind, str(secret.airflow.connection or secret.airflow.variable))
    return model.Secret(
        name,
        secret.env,
        (secret.kubernetes.secret, secret.kubernetes.key) if secret.kubernetes else None,
        airflow,
        secret.jenkins.credentials if secret.jenkins else None,
        spec.key_span("secrets", name),
    )


def _schedule(spec: Spec, monitor: bool) -> model.Schedule | None:
    lifecycle = spec.lifecycle
    owner = lifecycle.monitor if monitor else lifecycle.triggers
    if owner is None or owner.schedule is None:
        return None
    path = ("monitor", "schedule") if monitor else ("triggers", "schedule")
    span: Span = spec.key_span(*path)
    return model.Schedule(owner.schedule.cron, owner.schedule.timezone, span)


def _digest(spec: Spec) -> str:
    """Over the merged spec without what only decides how it is read."""
    left_out = ("include", "profiles", "lint")
    meaning = {key: value for key, value in plain(spec.root).items() if key not in left_out and not key.startswith("x-")}
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
