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
from mlspec.ir import model
from mlspec.planning.check import Draft
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.steps import Builder, Extensions
from mlspec.source import Node
from mlspec.spec.loaded import Spec


def build(draft: Draft, target_options: Mapping[str, Mapping[str, Any]], extensions: Extensions) -> model.Plan:
    """Make the plan; `target_options` are the spec's `targets:` and `extensions` its steps' `x-…`, as those targets read them."""
    spec, monitor = draft.spec, draft.spec.lifecycle.monitor
    environments = {name: _environment(spec, name, lines) for name, lines in draft.requirements.items()}
    main, *watching = (_pipeline(draft.spec, pipeline, environments, extensions) for pipeline in draft.pipelines)
    main = replace(main, target_options=target_options, option_spans=_option_spans(spec))
    if monitor is None:
        return main
    pipeline = draft.pipelines[1]
    builder = Builder(pipeline.scope, pipeline.wired)
    values = tuple(builder.value(address) for address in sorted(pipeline.retrain.values)) if pipeline.retrain else ()
    watched = model.Monitor(watching[0], monitor.retrain, values, spec.key_span("monitor"))
    return replace(main, monitor=watched)


def _pipeline(
    spec: Spec, pipeline: Pipeline, environments: Mapping[str, model.Environment], extensions: Extensions
) -> model.Plan:
    lifecycle = spec.lifecycle
    steps = tuple(Builder(pipeline.scope, pipeline.wired, extensions).build(pipeline.order))
    monitor = bool(pipeline.scope.base)
    return model.Plan(
        lifecycle=f"{lifecycle.metadata.name}-monitor" if monitor else lifecycle.metadata.name,
        spec_file=spec.document.name,
        digest=_digest(spec),
        layers=spec.document.layers,
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
        schedule=_schedule(spec, monitor),
        notifications=tuple(
            model.Notification(tuple(note.events), note.to.model_dump(exclude_none=True), spec.span("notifications", index))
            for index, note in enumerate(lifecycle.notifications)
        ),
        governance=lifecycle.governance.model_dump(exclude_none=True) if lifecycle.governance else {},
    )


def _environment(spec: Spec, name: str, requirements: tuple[str, ...]) -> model.Environment:
    written = spec.lifecycle.environments[name]
    return model.Environment(
        name,
        written.python,
        requirements,
        written.image,
        tuple(written.pythonpath),
        spec.key_span("environments", name),
        spec.span("environments", name, "image") if written.image is not None else None,
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
    return model.Secret(name, secret.env, secret.forms, spec.key_span("secrets", name))


def _schedule(spec: Spec, monitor: bool) -> model.Schedule | None:
    lifecycle = spec.lifecycle
    owner = lifecycle.monitor if monitor else lifecycle.triggers
    if owner is None or owner.schedule is None:
        return None
    path = ("monitor", "schedule") if monitor else ("triggers", "schedule")
    span: Span = spec.key_span(*path)
    return model.Schedule(owner.schedule.cron, owner.schedule.timezone, span)


def _option_spans(spec: Spec) -> dict[str, Span]:
    """Of the options of targets that are no mappings."""
    waiting: list[tuple[str, Node | None]] = [(name, spec.node("targets", name)) for name in spec.lifecycle.targets]
    spans = {}
    while waiting:
        path, node = waiting.pop()
        if node is not None and isinstance(node.value, dict):
            waiting += [(f"{path}.{key}", child) for key, child in node.value.items()]
        elif node is not None:
            spans[path] = node.span
    return spans


def _digest(spec: Spec) -> str:
    """Over the merged spec without what only decides how it is read."""
    left_out = ("include", "profiles", "lint")
    meaning = {key: node for key, node in spec.root.value.items() if key not in left_out and not key.startswith("x-")}
    text = json.dumps(meaning, default=_value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _value(node: Node) -> Any:
    """What JSON is made of in the place of a node."""
    return node.value
