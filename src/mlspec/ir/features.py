"""Which features of the language a plan uses, and where.

In: a `Plan`. Out: `FeatureUse`s with spans. Owns the list of features that targets answer for; never judges.
Change it when the language gains a feature that some target might not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from mlspec.diagnostics import Span
from mlspec.ir.bodies import Approval, Call, Gate, Shell, Uses
from mlspec.ir.model import Plan, Step


class Feature(Enum):
    """A feature of the language; the value is its key in tables, `title` its name in messages."""

    RUN = ("run", "`run` steps")
    CALL = ("call", "`call` steps")
    USES = ("uses", "library steps")
    GATE_STOP = ("gate stop", "gates that stop the run")
    GATE_SKIP = ("gate skip", "gates that skip what follows")
    APPROVAL = ("approval", "approvals")
    WHEN = ("when", "`when` conditions")
    RUN_IF = ("run_if", "`run_if` other than success")
    RETRY = ("retry", "retries")
    TIMEOUT = ("timeout", "timeouts")
    CACHE = ("cache", "caching")
    RESOURCES = ("resources", "resource requests")
    SECRETS = ("secrets", "secrets")
    PARAMS = ("params", "run parameters")
    MATRIX = ("matrix", "matrix steps")
    FOREACH = ("foreach", "foreach steps")
    PARALLEL = ("parallel", "a bound on parallel instances")
    FINALLY = ("finally", "`finally` steps")
    ON_FAILURE_STOP = ("on_failure stop", "`on_failure: stop`")
    ON_FAILURE_CONTINUE = ("on_failure continue", "`on_failure: continue`")
    IMAGE = ("image", "an image for each environment")
    TRACKING = ("tracking", "MLflow tracking")
    SCHEDULE = ("schedule", "schedules")
    NOTIFICATIONS = ("notifications", "notifications")
    MONITOR = ("monitor", "monitoring pipelines")

    def __init__(self, key: str, title: str) -> None:
        self.key = key
        self.title = title


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """One place in the spec that uses a feature."""

    feature: Feature
    span: Span
    path: str


def features_of(plan: Plan) -> Iterator[FeatureUse]:
    """Yield every use of every feature, in the order of the plan."""
    top = Span(plan.spec_file, 1, 1, 1, 1)
    for parameter in plan.params:
        yield FeatureUse(Feature.PARAMS, parameter.span or top, f"params.{parameter.name}")
    on_failure = Feature.ON_FAILURE_STOP if plan.on_failure == "stop" else Feature.ON_FAILURE_CONTINUE
    yield FeatureUse(on_failure, plan.on_failure_span or top, "on_failure")
    if plan.tracking_uri:
        yield FeatureUse(Feature.TRACKING, top, "tracking")
    if plan.schedule:
        yield FeatureUse(Feature.SCHEDULE, plan.schedule.span or top, "triggers.schedule")
    for note in plan.notifications:
        yield FeatureUse(Feature.NOTIFICATIONS, note.span or top, "notifications")
    if plan.monitor:
        yield FeatureUse(Feature.MONITOR, plan.monitor.span or top, "monitor")
    for target, options in plan.target_options.items():
        if options.get("cache"):  # a step's own `cache: true` allows, and asks for nothing
            yield FeatureUse(Feature.CACHE, top, f"targets.{target}.cache")
    for environment in plan.environments.values():
        if environment.image:
            yield FeatureUse(Feature.IMAGE, environment.span or top, f"environments.{environment.name}")
    for section, steps in (("steps", plan.steps), ("finally", plan.finals)):
        for step in steps:
            if step.instance is not None and step.instance.index:
                continue  # all instances of a matrix use the same
            for feature in _features_of_step(step):
                yield FeatureUse(feature, step.span or top, f"{section}.{step.name}")
            if section == "finally":
                yield FeatureUse(Feature.FINALLY, step.span or top, f"{section}.{step.name}")


def _features_of_step(step: Step) -> Iterator[Feature]:
    match step.body:
        case Shell():
            yield Feature.RUN
        case Call():
            yield Feature.CALL
        case Uses():
            yield Feature.USES
        case Gate(otherwise="stop"):
            yield Feature.GATE_STOP
        case Gate():
            yield Feature.GATE_SKIP
        case Approval():
            yield Feature.APPROVAL
    if step.when is not None:
        yield Feature.WHEN
    if step.run_if != "success":
        yield Feature.RUN_IF
    if step.retry.limit:
        yield Feature.RETRY
    if step.timeout is not None:
        yield Feature.TIMEOUT
    if step.resources.cpu or step.resources.memory or step.resources.gpu:
        yield Feature.RESOURCES
    if step.secrets:
        yield Feature.SECRETS
    if step.instance is not None:
        yield Feature.MATRIX
    if step.foreach is not None:
        yield Feature.FOREACH
    if step.parallel is not None:
        yield Feature.PARALLEL
