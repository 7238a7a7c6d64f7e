"""How MLflow Projects do each feature of the language.

In: nothing. Out: a constant table. Owns the answers that `mlspec targets` prints and `refusals` enforces; never looks
at a plan. An entry point is one command: nearly all is done by the `mlspec run` that it starts.
Change it when a feature is gained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlspec.ir.features import Feature
from mlspec.targets.base import Support, emulated, native, refused

_RUN = emulated("by `mlspec run` in the entry point `main`")

CAPABILITIES: Final[Mapping[Feature, Support]] = {
    Feature.RUN: native("an entry point, and a step of `main`"),
    Feature.CALL: native("an entry point, and a step of `main`"),
    Feature.USES: native("an entry point, and a step of `main`"),
    Feature.GATE_STOP: _RUN,
    Feature.GATE_SKIP: _RUN,
    Feature.APPROVAL: emulated("`main` waits for `mlspec approve` in the same folder"),
    Feature.WHEN: _RUN,
    Feature.RUN_IF: _RUN,
    Feature.RETRY: _RUN,
    Feature.TIMEOUT: _RUN,
    Feature.CACHE: _RUN,
    Feature.RESOURCES: emulated("the limits of the machine that runs `mlflow run` apply"),
    Feature.ENV: native("variables of the step's own process"),
    Feature.SECRETS: emulated("from the environment of `mlflow run`"),
    Feature.PARAMS: native("parameters of the entry points"),
    Feature.RUN_DATE: emulated("the start of the `mlspec run` that `mlflow run` starts"),
    Feature.MATRIX: _RUN,
    Feature.FOREACH: _RUN,
    Feature.PARALLEL: _RUN,
    Feature.FINALLY: _RUN,
    Feature.ON_FAILURE_STOP: _RUN,
    Feature.ON_FAILURE_CONTINUE: _RUN,
    Feature.IMAGE: emulated("steps run in environments made from the spec, not in images"),
    Feature.TRACKING: emulated("each step logs a run of its own, beside the one of the entry point"),
    Feature.LINEAGE: emulated("the step process sends them"),
    Feature.SCHEDULE: refused("remove it, and let a scheduler of yours start `mlflow run`"),
    Feature.OVERLAP: emulated("`mlspec run` takes turns with the other runs of the machine"),
    Feature.CATCHUP: refused("remove it; `mlspec run --backfill FROM..TO` makes up for missed runs"),
    Feature.NOTIFICATIONS: refused("send them from a `finally` step that reads `run.status`"),
    Feature.MONITOR: refused("keep the monitoring pipeline in a lifecycle of its own"),
}
