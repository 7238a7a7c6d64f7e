"""What Airflow does of the language, and how.

In: nothing. Out: the table that refusals and the reference are made of. Owns these judgements; never looks at a plan.
Change it together with `emit.py`, when a feature becomes possible or turns out not to hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.plan.features import Feature
from mlspec.targets.base import Support, emulated, native, refused

CAPABILITIES: Mapping[Feature, Support] = {
    Feature.RUN: native("one BashOperator"),
    Feature.CALL: native("one BashOperator"),
    Feature.USES: native("one BashOperator"),
    Feature.GATE_STOP: native("a task that fails"),
    Feature.GATE_SKIP: native("a task that skips, and so all that follow it"),
    Feature.APPROVAL: refused("remove the approval, or compile this lifecycle to a target that has them"),
    Feature.WHEN: native("the task decides and skips itself, and so all that follow it"),
    Feature.RUN_IF: refused("move the step to `finally`, which runs whatever happened"),
    Feature.RETRY: emulated("the step process repeats attempts inside one try of the task"),
    Feature.TIMEOUT: emulated("the step process ends an attempt that takes too long"),
    Feature.RESOURCES: emulated("the limits of the Airflow worker apply"),
    Feature.SECRETS: native("a connection's password or a variable, in the step's environment"),
    Feature.PARAMS: native("typed DAG params"),
    Feature.MATRIX: native("one task for each instance"),
    Feature.FOREACH: refused("use `matrix` where the list is known beforehand"),
    Feature.PARALLEL: refused("bound the instances by an Airflow pool (`x-airflow: {pool: …}`) and drop `parallel`"),
    Feature.FINALLY: native("teardown tasks"),
    Feature.ON_FAILURE_STOP: emulated("a step that finds a failed one in its run skips itself; those that run go on"),
    Feature.ON_FAILURE_CONTINUE: native("trigger rules"),
    Feature.IMAGE: emulated("steps run in the Airflow worker's own image"),
    Feature.TRACKING: emulated("the step process logs to MLflow"),
    Feature.SCHEDULE: native("cron in a time zone, without catching up"),
    Feature.NOTIFICATIONS: refused("set callbacks or notifiers in Airflow itself"),
    Feature.MONITOR: refused("compile the monitoring pipeline to a target that has them"),
}
