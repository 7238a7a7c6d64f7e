"""The view of the DAG file.

In: a `Plan` that passed the target's checks. Out: its `DagView`. Owns the file around its tasks: imports, constants, arguments and
defaults of the DAG; see `tasks` for the rest. Never escapes by hand (see `literals`). Change it when the file should read better.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan
from mlspec.targets.airflow.functions import always_of, functions_of
from mlspec.targets.airflow.literals import INDENT, doc, fits, literal, string, visible
from mlspec.targets.airflow.options import AirflowOptions, options_of
from mlspec.targets.airflow.parameters import param_variable, params_argument
from mlspec.targets.airflow.process import common_lines, environment_lines, tracking_lines
from mlspec.targets.airflow.runners import RUNNERS, Runner, images
from mlspec.targets.airflow.tasks import blocks_of
from mlspec.targets.airflow.variables import Variables
from mlspec.targets.airflow.view import DagView, Group, Rows, Task
from mlspec.terms import NOT_RUN, Json


def dag_view(plan: Plan) -> DagView:
    """Return what the file of a plan shows."""
    options, variables = options_of(plan), Variables(plan)
    runner = RUNNERS[options.runner]
    steps = blocks_of(plan, plan.steps, variables, runner)
    finals = blocks_of(plan, plan.finals, variables, runner)
    tasks = [task for block in (*steps, *finals) for task in (block.tasks if isinstance(block, Group) else (block,))]
    fail_fast = plan.on_failure == "stop"
    return DagView(
        spec_file=visible(plan.spec_file),
        runner=runner,
        modules=_modules(plan, runner, tasks),
        imports=_imports(plan, options, runner, tasks, groups=any(isinstance(block, Group) for block in steps)),
        run=_run(plan, tasks),
        tracking=tracking_lines(plan),
        images=tuple(images(plan, options)) if runner.in_containers else (),
        environments=environment_lines(plan),
        common=common_lines(plan),
        functions=functions_of(plan, tasks),
        process="{EXEC} --fail-fast" if fail_fast else "{EXEC}",
        always=always_of(plan),
        has_empty_list=any(step.foreach and not step.foreach.literal for step in plan.finals),
        has_bounded_fan_out=any(step.parallel for step in plan.finals),
        dag=_dag(plan, options),
        defaults=_defaults(plan, options, runner),
        steps=steps,
        finals=finals,
        all_steps=variables.steps,
        watched=_watched(plan),
        fail_fast=fail_fast,
    )


def _modules(plan: Plan, runner: Runner, tasks: Sequence[Task]) -> tuple[str, ...]:
    lists = any("json.loads" in argument for task in tasks for argument in task.arguments)
    limits = any(isinstance(step.body, Approval) and step.body.timeout is not None for step in plan.steps)
    local = runner.name != "kubernetes"
    lines = {
        "import json": lists or any(task.operator == "ListOperator" for task in tasks),
        "import os": local,
        "import shlex": True,
        "from datetime import timedelta": limits,
        "from pathlib import Path": local,
        "from typing import Any": True,
    }
    return tuple(line for line, is_used in lines.items() if is_used)


def _imports(plan: Plan, options: AirflowOptions, runner: Runner, tasks: Sequence[Task], *, groups: bool) -> tuple[str, ...]:
    # The compat provider finds each name where the installed Airflow has it; `airflow.sdk` exists from 3.0 on.
    module = "airflow.sdk" if options.version == 3 else "airflow.providers.common.compat.sdk"
    rules = _watched(plan) or any("TriggerRule" in argument for task in tasks for argument in task.arguments)
    final_each = any(task.call == "final_each" for task in tasks)
    names = {"DAG": True, "Param": bool(plan.params), "TaskGroup": groups or final_each, "TriggerRule": rules, "literal": True}
    used = [name for name, is_used in names.items() if is_used]
    line = f"from {module} import {', '.join(used)}"
    if not fits(line):
        line = f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in used) + ")"
    lines = ["import pendulum", line, *runner.imports(plan)]
    operators = {task.operator for task in tasks}
    if "EmptyOperator" in operators or final_each:
        lines.append("from airflow.providers.standard.operators.empty import EmptyOperator")
    if "HITLOperator" in operators:
        lines.append("from airflow.providers.standard.operators.hitl import HITLOperator")
    if runner.in_containers and _watched(plan):
        lines.append("from airflow.providers.standard.operators.bash import BashOperator")
    return tuple(sorted(lines, key=lambda line: (line.startswith("from"), line.split(" import ")[0], line)))


def _run(plan: Plan, tasks: Sequence[Task]) -> Rows:
    rows = [(string("MLSPEC_RUN_ID"), string("{{ run_id }}"))]
    if any(task.call == "for_each" for task in tasks):
        rows.append((string("MLSPEC_INSTANCE"), string("{{ ti.map_index }}")))
    return (*rows, *(param_variable(parameter) for parameter in plan.params))


def _watched(plan: Plan) -> bool:
    """Whether a step may fail although no leaf of the graph does.

    None can where each step waits for one other at most: what follows a failed one then fails to start, down to the leaf.
    """
    several = any(len(step.upstream) > 1 or step.instance is not None or step.foreach is not None for step in plan.steps)
    return several or bool(plan.finals) or any(step.run_if != "success" for step in plan.steps)


def _dag(plan: Plan, options: AirflowOptions) -> tuple[str, ...]:
    timezone = plan.schedule.timezone if plan.schedule else "UTC"
    arguments = [f"dag_id={string(options.dag_id or plan.lifecycle)}"]
    if plan.description:
        arguments.append(f"doc_md={doc(plan.description)}")
    # A cron expression counts in the time zone of `start_date`. The date itself is of no weight: catchup is off.
    arguments += [
        f"schedule={string(plan.schedule.cron) if plan.schedule else None}",
        f"start_date=pendulum.datetime(2020, 1, 1, tz={string(timezone)})",
        "catchup=False",
    ]
    if plan.labels:
        tags: list[Json] = [f"{key}:{value}" for key, value in plan.labels]
        arguments.append(f"tags={literal(tags, 1, len('    tags='), 1)}")
    if plan.params:
        arguments.append(params_argument(plan.params))
    return tuple(arguments)


def _defaults(plan: Plan, options: AirflowOptions, runner: Runner) -> Rows:
    defaults = [("owner", string(", ".join(plan.owners)))] if plan.owners else []
    defaults += [("pool", string(options.pool))] if options.pool else []
    defaults += [
        ("retries", "0"),  # the step process retries, so that an attempt means the same everywhere
        (runner.variables, "RUN"),
        *runner.defaults(plan, options),
        ("skip_on_exit_code", str(NOT_RUN)),
        ("do_xcom_push", "False"),
    ]
    return tuple((string(key), value) for key, value in defaults)
