"""How Argo Workflows do each feature of the language.

In: nothing. Out: a constant table. Owns the answers that `mlspec targets` prints and `refusals` enforces; never looks at a plan.
Change it when a feature is gained.
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
    Feature.GATE_SKIP: refused("write `otherwise: stop`"),
    Feature.APPROVAL: refused("compile to Airflow or Jenkins, which ask people"),
    Feature.WHEN: refused("put the condition into the step, or compile to Kubeflow, Airflow or Jenkins"),
    Feature.RUN_IF: refused("compile to Airflow or Jenkins"),
    Feature.RETRY: emulated("by the step process, inside one pod"),
    Feature.TIMEOUT: emulated("by the step process, for each attempt"),
    Feature.CACHE: refused("leave `cache` out: every run does all its work"),
    Feature.RESOURCES: refused("give the namespace a LimitRange"),
    Feature.SECRETS: native("Kubernetes secrets as environment variables"),
    Feature.PARAMS: native("parameters of the workflow"),
    Feature.MATRIX: native("one task for each instance"),
    Feature.FOREACH: refused("write a `matrix` where the elements are known before the run"),
    Feature.PARALLEL: refused("leave `parallel` out: all instances may run at once"),
    Feature.FINALLY: refused("do it by an exit handler of the cluster's workflow defaults"),
    Feature.ON_FAILURE_STOP: native("`failFast`; what was queued already is held back by the step process"),
    Feature.ON_FAILURE_CONTINUE: refused("write `on_failure: stop`"),
    Feature.IMAGE: refused("set `targets.argo.image`, in which all steps run"),
    Feature.TRACKING: refused("compile with a `--profile` that says `tracking: null`"),
    Feature.LINEAGE: refused("compile with a `--profile` that says `lineage: null`"),
    Feature.SCHEDULE: refused("start the workflow by a CronWorkflow of yours"),
    Feature.NOTIFICATIONS: refused("send them by an exit handler of the cluster's workflow defaults"),
    Feature.MONITOR: refused("keep the monitoring pipeline in a lifecycle of its own"),
}
