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
    """A feature of the language; the value is its key in tables, `title` its name in messages, `keys` what asks for it: keys of the
    language, addresses of expressions."""

    RUN = ("run", "`run` steps", "steps.run")
    CALL = ("call", "`call` steps", "steps.call")
    USES = ("uses", "library steps", "steps.uses")
    GATE_STOP = ("gate stop", "gates that stop the run", "steps.gate", "steps.otherwise")
    GATE_SKIP = ("gate skip", "gates that skip what follows", "steps.gate", "steps.otherwise")
    APPROVAL = ("approval", "approvals", "steps.approval")
    WHEN = ("when", "`when` conditions", "steps.when")
    RUN_IF = ("run_if", "`run_if` other than success", "steps.run_if")
    RETRY = ("retry", "retries", "steps.retry", "defaults.retry")
    TIMEOUT = ("timeout", "timeouts", "steps.timeout", "defaults.timeout")
    CACHE = ("cache", "caching", "steps.cache", "defaults.cache")
    RESOURCES = ("resources", "resource requests", "steps.resources", "defaults.resources")
    ENV = ("env", "plain variables", "environments.env", "steps.env")
    SECRETS = ("secrets", "secrets", "secrets", "steps.secrets")
    PARAMS = ("params", "run parameters", "params")
    RUN_DATE = ("run.date", "the time a run is for", "run.date", "run.day")
    MATRIX = ("matrix", "matrix steps", "steps.matrix")
    FOREACH = ("foreach", "foreach steps", "steps.foreach")
    PARALLEL = ("parallel", "a bound on parallel instances", "steps.parallel")
    FINALLY = ("finally", "`finally` steps", "finally")
    ON_FAILURE_STOP = ("on_failure stop", "`on_failure: stop`", "on_failure")
    ON_FAILURE_CONTINUE = ("on_failure continue", "`on_failure: continue`", "on_failure")
    IMAGE = ("image", "an image for each environment", "environments.image")
    TRACKING = ("tracking", "MLflow tracking", "tracking")
    LINEAGE = ("lineage", "OpenLineage events", "lineage")
    SCHEDULE = ("schedule", "schedules", "triggers.schedule")
    OVERLAP = ("overlap", "a bound on runs at once", "triggers.overlap", "triggers.limit")
    CATCHUP = ("catchup", "catching up on missed runs", "triggers.catchup", "triggers.start")
    NOTIFICATIONS = ("notifications", "notifications", "notifications")
    MONITOR = ("monitor", "monitoring pipelines", "monitor")

    def __init__(self, key: str, title: str, *keys: str) -> None:
        self.key = key
        self.title = title
        self.keys = frozenset(keys)


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
    if plan.lineage:
        yield FeatureUse(Feature.LINEAGE, top, "lineage")
    if plan.schedule:
        yield FeatureUse(Feature.SCHEDULE, plan.schedule.span or top, "triggers.schedule")
    if plan.overlap:
        yield FeatureUse(Feature.OVERLAP, plan.overlap.span or top, "triggers.overlap")
    if plan.catchup:
        yield FeatureUse(Feature.CATCHUP, plan.catchup.span or top, "triggers.catchup")
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
        if environment.env:
            yield FeatureUse(Feature.ENV, environment.span or top, f"environments.{environment.name}")
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
    if step.env:
        yield Feature.ENV
    if step.secrets:
        yield Feature.SECRETS
    if step.reads_date:
        yield Feature.RUN_DATE
    if step.instance is not None:
        yield Feature.MATRIX
    if step.foreach is not None:
        yield Feature.FOREACH
    if step.parallel is not None:
        yield Feature.PARALLEL
