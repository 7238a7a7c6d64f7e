"""How Jenkins does each feature of the language.

In: nothing. Out: a constant table. Owns the answers that `mlspec targets` prints and `refusals` enforces; never looks
at a plan. Change it when a feature is gained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlspec.plan.features import Feature
from mlspec.targets.base import Support, emulated, native, refused

CAPABILITIES: Final[Mapping[Feature, Support]] = {
    Feature.RUN: native("a stage"),
    Feature.CALL: native("a stage"),
    Feature.USES: native("a stage"),
    Feature.GATE_STOP: emulated("a stage that fails"),
    Feature.GATE_SKIP: emulated("a stage that ends skipped; the stages that need it are then skipped by their `when`"),
    Feature.APPROVAL: refused(
        "an `input` under the build's agent would hold that agent until someone answers; put the steps before and "
        "after the approval in two lifecycles, or the approval on another orchestrator with `split`"
    ),
    Feature.WHEN: emulated("evaluated by the step process"),
    Feature.RUN_IF: emulated("`when` expressions over the states of the stages above"),
    Feature.RETRY: emulated("by the step process"),
    Feature.TIMEOUT: emulated("by the step process, for each attempt"),
    Feature.RESOURCES: emulated("limits of the step's container with `agent: {docker: true}`; an agent itself has none"),
    Feature.SECRETS: native("credentials, bound around the step alone"),
    Feature.PARAMS: native("build parameters"),
    Feature.MATRIX: native("one stage for each instance"),
    Feature.FOREACH: refused("use `matrix` when the list is known beforehand"),
    Feature.PARALLEL: refused("leave `parallel` out; the agent's executors bound nothing inside one build"),
    Feature.FINALLY: native("`post { always { … } }`"),
    Feature.ON_FAILURE_STOP: emulated("`when` expressions: no stage starts once one has failed"),
    Feature.ON_FAILURE_CONTINUE: emulated("`catchError` around each step and `when` expressions"),
    Feature.IMAGE: native("with `agent: {docker: true}`; otherwise steps run on the agent itself"),
    Feature.TRACKING: emulated("the step process logs to MLflow"),
    Feature.SCHEDULE: native("a `cron` trigger with its time zone"),
    Feature.NOTIFICATIONS: refused("send them from a `finally` step that reads `run.status`"),
    Feature.MONITOR: refused("keep the monitoring pipeline in a lifecycle of its own"),
}
