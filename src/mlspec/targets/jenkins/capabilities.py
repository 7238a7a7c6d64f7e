"""How Jenkins does each feature of the language.

In: nothing. Out: a constant table. Owns the answers that `mlspec targets` prints and `refusals` enforces; never looks
at a plan. Change it when a feature is gained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlspec.ir.features import Feature
from mlspec.targets.base import Support, emulated, native, refused

CAPABILITIES: Final[Mapping[Feature, Support]] = {
    Feature.RUN: native("a stage"),
    Feature.CALL: native("a stage"),
    Feature.USES: native("a stage"),
    Feature.GATE_STOP: emulated("a stage that fails"),
    Feature.GATE_SKIP: emulated("a stage that ends skipped; the stages that need it are then skipped by their `when`"),
    Feature.APPROVAL: native("`input` while the build holds no agent; each step then takes an agent of its own"),
    Feature.WHEN: emulated("evaluated by the step process"),
    Feature.RUN_IF: emulated("`when` expressions over the states of the stages above"),
    Feature.RETRY: emulated(
        "by the step process; what was killed, or lost with an agent of its own, is started again by Jenkins"
    ),
    Feature.TIMEOUT: emulated("by the step process, for each attempt; Jenkins ends a process that hangs nevertheless"),
    Feature.CACHE: emulated("by the step process, with `targets.jenkins.cache`"),
    Feature.RESOURCES: emulated(
        "limits of the step's pod with `agent: {kubernetes: {}}`, of its container with `agent: {docker: true}`; an agent "
        "itself has none"
    ),
    Feature.ENV: native("variables of the step's own process"),
    Feature.SECRETS: native("credentials, bound around the step alone"),
    Feature.PARAMS: native("build parameters"),
    Feature.RUN_DATE: native("the start of the build"),
    Feature.MATRIX: native("one stage for each instance"),
    Feature.FOREACH: native("a scripted `parallel` in the step's stage, one stage for each instance"),
    Feature.PARALLEL: emulated("as many branches, in which instances take turns"),
    Feature.FINALLY: native("`post { always { … } }`"),
    Feature.ON_FAILURE_STOP: emulated("`when` expressions: no stage starts once one has failed"),
    Feature.ON_FAILURE_CONTINUE: emulated("`catchError` around each step and `when` expressions"),
    Feature.IMAGE: native("with `agent: {docker: true}` or `{kubernetes: {}}`; otherwise steps run on the agent itself"),
    Feature.TRACKING: emulated("the step process logs to MLflow"),
    Feature.LINEAGE: emulated("the step process sends them"),
    Feature.SCHEDULE: native("a `cron` trigger with its time zone"),
    Feature.OVERLAP: native(
        "`disableConcurrentBuilds`, one at a time; builds wait, or with `overlap: cancel` end the one before"
    ),
    Feature.CATCHUP: refused(
        "a controller starts no builds for times at which it was down; remove it, and start a build by hand"
    ),
    Feature.NOTIFICATIONS: refused("send them from a `finally` step that reads `run.status`"),
    Feature.MONITOR: refused("keep the monitoring pipeline in a lifecycle of its own"),
}
