"""A checked spec → a plan.

In: a `Draft`. Out: a `Plan`. Owns what of the lifecycle goes into the plan beside its steps (see `steps`) and the digest of its
meaning. Never finds anything wrong: that is all done by `check`. Change it when the plan carries something new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlspec.diagnostics import Span
from mlspec.ir import declarations, model
from mlspec.ir.triggers import Catchup, Overlapping, Schedule
from mlspec.planning import locks
from mlspec.planning.check import Draft
from mlspec.planning.locks import Locks
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.steps import Builder, Extensions
from mlspec.source import Node
from mlspec.spec.loaded import Spec
from mlspec.spec.naming import base_name, pipeline_name


def build(draft: Draft, target_options: Mapping[str, Mapping[str, Any]], extensions: Extensions) -> model.Plan:
    """Make the plan; `target_options` are the spec's `targets:` and `extensions` its steps' `x-…`, as those targets read them."""
    spec, monitor = draft.spec, draft.spec.lifecycle.monitor
    environments = {name: _environment(draft, name) for name in draft.requirements}
    main, *watching = (_pipeline(draft, pipeline, environments, extensions) for pipeline in draft.pipelines)
    main = replace(main, target_options=target_options, option_spans=_option_spans(spec))
    if monitor is None:
        return main
    pipeline = draft.pipelines[1]
    builder = Builder(pipeline.scope, pipeline.wired)
    values = tuple(builder.value(address) for address in sorted(pipeline.retrain.values)) if pipeline.retrain else ()
    retrain = builder.condition(monitor.retrain) if monitor.retrain else monitor.retrain
    watched = model.Monitor(watching[0], retrain, values, spec.key_span("monitor"))
    return replace(main, monitor=watched)


def _pipeline(
    draft: Draft, pipeline: Pipeline, environments: Mapping[str, declarations.Environment], extensions: Extensions
) -> model.Plan:
    spec, lifecycle = draft.spec, draft.spec.lifecycle
    steps = tuple(Builder(pipeline.scope, pipeline.wired, extensions).build(pipeline.order))
    monitor, name = bool(pipeline.scope.base), pipeline_name(spec)
    return model.Plan(
        lifecycle=f"{name}-monitor" if monitor else name,
        spec_file=spec.document.name,
        digest=_digest(spec),
        layers=spec.document.layers,
        profile=spec.document.profile,
        pipeline="monitor" if monitor else "lifecycle",
        base=base_name(spec.document) if spec.document.profile is not None else None,
        folder=None if spec.project.folder is None else str(spec.folder),
        steps=tuple(step for step in steps if not pipeline.scope.steps[step.name].final),
        finals=tuple(step for step in steps if pipeline.scope.steps[step.name].final),
        params=tuple(_parameter(spec, key) for key in lifecycle.params),
        environments=environments,
        default_environment=lifecycle.defaults.environment,
        secrets={key: _secret(spec, key) for key in lifecycle.secrets},
        store=lifecycle.store,
        store_span=spec.span("store") if spec.node("store") else None,
        profile_stores=tuple(store for each in lifecycle.profiles.values() if isinstance(store := each.get("store"), str)),
        on_failure="stop" if monitor else lifecycle.on_failure,
        on_failure_span=spec.span("on_failure") if spec.node("on_failure") else None,
        description=lifecycle.metadata.description,
        owners=tuple(lifecycle.metadata.owners),
        labels=tuple(sorted(lifecycle.metadata.labels.items())),
        tracking_uri=lifecycle.tracking.uri if lifecycle.tracking else None,
        tracking_experiment=lifecycle.tracking.experiment if lifecycle.tracking else None,
        lineage=lifecycle.lineage.place if lifecycle.lineage else None,
        lineage_namespace=lifecycle.lineage.namespace if lifecycle.lineage else None,
        schedule=_schedule(spec, monitor),
        more_schedules=() if monitor else _more_schedules(spec),
        overlap=None if monitor else _overlap(spec),
        catchup=None if monitor else _catchup(spec),
        notifications=tuple(
            declarations.Notification(
                tuple(note.events), note.to.model_dump(exclude_none=True), spec.span("notifications", index)
            )
            for index, note in enumerate(lifecycle.notifications)
        ),
        governance=lifecycle.governance.model_dump(exclude_none=True) if lifecycle.governance else {},
        lock=_lock(draft.locks, monitor),
    )


def _lock(locks: Locks, monitor: bool) -> declarations.Lock | None:
    if locks.lock is None or locks.digest is None:
        return None
    return declarations.Lock(locks.digest, {} if monitor else locks.lock.inputs, tuple(fault.message for fault in locks.faults))


def _environment(draft: Draft, name: str) -> declarations.Environment:
    spec, requirements = draft.spec, draft.requirements[name]
    written = spec.lifecycle.environments[name]
    locked = draft.locks.packages.get(name, ())
    return declarations.Environment(
        name,
        written.python,
        requirements,
        written.image,
        tuple(written.pythonpath),
        tuple(written.env.items()),
        spec.key_span("environments", name),
        spec.span("environments", name, "image") if written.image is not None else None,
        written.pull_secret,
        locked,
        draft.locks.files.get(name),
        {line: locks.place(spec, name, line)[0] for line in requirements},
    )


def _parameter(spec: Spec, name: str) -> declarations.Parameter:
    param = spec.lifecycle.params[name]
    return declarations.Parameter(
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


def _secret(spec: Spec, name: str) -> declarations.Secret:
    secret = spec.lifecycle.secrets[name]
    user, password = secret.env.user if secret.env else "", secret.env.password if secret.env else None
    return declarations.Secret(name, user, secret.forms, spec.key_span("secrets", name), secret.kind, password)


def _schedule(spec: Spec, monitor: bool) -> Schedule | None:
    lifecycle = spec.lifecycle
    owner = lifecycle.monitor if monitor else lifecycle.triggers
    if owner is None or owner.schedule is None:
        return None
    path = ("monitor", "schedule") if monitor else ("triggers", "schedule")
    several = isinstance(owner.schedule, list)
    first = owner.schedule[0] if isinstance(owner.schedule, list) else owner.schedule
    span: Span = spec.span(*path, 0) if several else spec.key_span(*path)
    return Schedule(first.cron, first.timezone, span)


def _more_schedules(spec: Spec) -> tuple[Schedule, ...]:
    triggers = spec.lifecycle.triggers
    return tuple(
        Schedule(each.cron, each.timezone, spec.span("triggers", "schedule", index))
        for index, each in enumerate(triggers.schedules if triggers is not None else ())
        if index
    )


def _overlap(spec: Spec) -> Overlapping | None:
    triggers = spec.lifecycle.triggers
    if triggers is None or triggers.overlap is None:
        return None
    return Overlapping(triggers.overlap, triggers.limit or 1, spec.span("triggers", "overlap"))


def _catchup(spec: Spec) -> Catchup | None:
    triggers = spec.lifecycle.triggers
    if triggers is None or not triggers.catchup:
        return None
    return Catchup(triggers.start, spec.key_span("triggers", "catchup"))


def _option_spans(spec: Spec) -> dict[str, Span]:
    """Of the options of targets that are no mappings with something in them."""
    waiting: list[tuple[str, Node | None]] = [(name, spec.node("targets", name)) for name in spec.lifecycle.targets]
    spans = {}
    while waiting:
        path, node = waiting.pop()
        if node is not None and isinstance(node.value, dict) and node.value:
            waiting += [(f"{path}.{key}", child) for key, child in node.value.items()]
        elif node is not None:
            spans[path] = node.span
    return spans


def _digest(spec: Spec) -> str:
    """Over the merged spec without what only decides how it is read."""
    left_out = ("include", "profiles", "lint")
    meaning = {key: node for key, node in spec.root.value.items() if key not in left_out and not key.startswith("x-")}
    text = json.dumps(meaning, default=_value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _value(node: Node) -> Any:
    """What JSON is made of in the place of a node."""
    return node.value
