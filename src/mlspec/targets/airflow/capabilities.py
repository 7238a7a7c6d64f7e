"""What Airflow does of the language, and how.

In: nothing. Out: the table that refusals and the reference are made of. Owns these judgements; never looks at a plan.
Change it together with `emit.py`, when a feature becomes possible or turns out not to hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.ir.features import Feature
from mlspec.targets.base import Support, emulated, native, refused

CAPABILITIES: Mapping[Feature, Support] = {
    Feature.RUN: native("one operator: Bash, Docker or KubernetesPod, as `runner` says"),
    Feature.CALL: native("one operator: Bash, Docker or KubernetesPod, as `runner` says"),
    Feature.USES: native("one operator: Bash, Docker or KubernetesPod, as `runner` says"),
    Feature.GATE_STOP: native("a task that fails"),
    Feature.GATE_SKIP: native("a task that skips, and so all that follow it"),
    Feature.APPROVAL: native("a human-in-the-loop operator, on Airflow 3.1 and later (`version: 3`)"),
    Feature.WHEN: native("the task decides and skips itself, and so all that follow it"),
    Feature.RUN_IF: native("trigger rules; for `failure` the step process looks whether what it needs has failed"),
    Feature.RETRY: emulated("the step process repeats attempts inside one try of the task"),
    Feature.TIMEOUT: emulated("the step process ends an attempt that takes too long"),
    Feature.CACHE: emulated("by the step process, with `targets.airflow.cache`"),
    Feature.RESOURCES: native("those of the container; with `runner: bash` the limits of the worker apply"),
    Feature.ENV: native("variables of the step's own process"),
    Feature.SECRETS: native("a connection's password or a variable, in the step's environment"),
    Feature.PARAMS: native("typed DAG params"),
    Feature.RUN_DATE: native("the DAG run's logical date; of a scheduled run the time it was scheduled for"),
    Feature.MATRIX: native("one mapped task; in `finally` a group of tasks, for Airflow maps no teardown"),
    Feature.FOREACH: native(
        "a mapped task, over as many elements as `core.max_map_length` allows (1024 unless set); in `finally` a group of tasks"
    ),
    Feature.PARALLEL: native(
        "a mapped task's `max_active_tis_per_dagrun`; in `finally` an instance waits for the one `parallel` places before"
    ),
    Feature.FINALLY: native("teardown tasks; in a run that has failed they end as failed, so that a clear runs them again"),
    Feature.ON_FAILURE_STOP: emulated("a step that finds a failed one in its run fails without starting; those that run go on"),
    Feature.ON_FAILURE_CONTINUE: native("trigger rules"),
    Feature.IMAGE: native("the container's image; with `runner: bash` steps run in the worker's own"),
    Feature.TRACKING: emulated("the step process logs to MLflow"),
    Feature.LINEAGE: emulated("the step process sends them"),
    Feature.SCHEDULE: native(
        "cron in a time zone, several of them with `version: 3`; without catching up unless `catchup` says so"
    ),
    Feature.OVERLAP: native("`max_active_runs`, for `overlap: queue`; `skip` and `cancel` are refused"),
    Feature.CATCHUP: native("`catchup`, from `start` on"),
    Feature.NOTIFICATIONS: refused("set callbacks or notifiers in Airflow itself"),
    Feature.MONITOR: refused("keep the monitoring pipeline in a lifecycle of its own"),
}
