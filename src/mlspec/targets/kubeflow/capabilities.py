"""How Kubeflow does each feature of the language.

In: nothing. Out: a constant table. Owns the answers that `mlspec targets` prints and `refusals` enforces; never looks
at a plan. Change it when a feature is gained, or a new KFP can do what this one cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlspec.ir.features import Feature
from mlspec.targets.base import Support, emulated, native, refused

CAPABILITIES: Final[Mapping[Feature, Support]] = {
    Feature.RUN: native("a container task"),
    Feature.CALL: native("a container task"),
    Feature.USES: native("a container task"),
    Feature.GATE_STOP: emulated("a task that fails"),
    Feature.GATE_SKIP: emulated("a task whose outcome is a condition on the tasks below it"),
    Feature.APPROVAL: refused("KFP cannot pause a run; Airflow and Jenkins can"),
    Feature.WHEN: emulated("evaluated in the step's pod; its outcome is a condition on the tasks below it"),
    Feature.RUN_IF: refused("use `finally` for what must run after a failure"),
    Feature.RETRY: emulated(
        "by the step process, inside one pod; one that was lost is started again by KFP's retry policy, where all pods reach the store"
    ),
    Feature.TIMEOUT: emulated("by the step process, for each attempt"),
    Feature.CACHE: emulated(
        "by the step process, with `targets.kubeflow.cache`, from a store that all pods reach; KFP's own cache is off"
    ),
    Feature.RESOURCES: native("container requests and limits"),
    Feature.ENV: native("variables of the step's own process"),
    Feature.SECRETS: native("Kubernetes secrets as environment variables"),
    Feature.PARAMS: native("pipeline parameters"),
    Feature.RUN_DATE: native(
        "the scheduled time of a recurring run, else the time of the run's creation; from backend 2.16 on"
    ),
    Feature.MATRIX: native("one task for each instance"),
    Feature.FOREACH: native("a parameter iterator over the numbers of the elements; instances share the store"),
    Feature.PARALLEL: native("the iterator's limit; instances of a matrix wait for the one `parallel` places before"),
    Feature.FINALLY: native("an exit task; on a cluster its own failure does not fail the run (kubeflow/pipelines #11470)"),
    Feature.ON_FAILURE_STOP: native("no task of a DAG starts once one has failed"),
    Feature.ON_FAILURE_CONTINUE: refused("KFP starts no task once one has failed (kubeflow/pipelines #7330)"),
    Feature.IMAGE: native("the container's image"),
    Feature.TRACKING: emulated("the step process logs to MLflow"),
    Feature.LINEAGE: emulated("the step process sends them"),
    Feature.SCHEDULE: refused(
        "PipelineSpec has no schedule; compile with a `--profile` that says `triggers: null`, and make a recurring run of the pipeline"
    ),
    Feature.OVERLAP: refused("PipelineSpec has none; leave it out here, and give the recurring run a `max_concurrency`"),
    Feature.CATCHUP: refused("remove it; a recurring run catches up by itself, unless it was made with `no_catchup`"),
    Feature.NOTIFICATIONS: refused("send them from a `finally` step that reads `run.status`"),
    Feature.MONITOR: refused("keep the monitoring pipeline in a lifecycle of its own"),
}
