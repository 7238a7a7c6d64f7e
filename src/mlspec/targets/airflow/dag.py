"""The view of the DAG file.

In: a `Plan` that passed the target's checks. Out: its `DagView`. Owns the file around its tasks: imports, constants, arguments and
defaults of the DAG; see `tasks` for the rest. Never escapes by hand (see `literals`). Change it when the file should read better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlspec.ir.bodies import Approval
from mlspec.ir.model import Plan
from mlspec.targets.airflow.cron import line_of
from mlspec.targets.airflow.functions import always_of, functions_of
from mlspec.targets.airflow.literals import INDENT, doc, fits, literal, string, visible
from mlspec.targets.airflow.native import DagArguments, OperatorArguments, given_names, native_arguments, needs_timedelta
from mlspec.targets.airflow.options import AirflowOptions, extension_of, options_of
from mlspec.targets.airflow.parameters import param_variable, params_argument
from mlspec.targets.airflow.process import common_lines, environment_lines, notes_of
from mlspec.targets.airflow.runners import RUNNERS, Runner, images
from mlspec.targets.airflow.tasks import blocks_of
from mlspec.targets.airflow.variables import Variables
from mlspec.targets.airflow.view import DagView, Group, Rows, Task
from mlspec.terms import DATE_VARIABLE, LOST, NOT_RUN, Json


def dag_view(plan: Plan) -> DagView:
    """Return what the file of a plan shows."""
    options, variables = options_of(plan), Variables(plan)
    runner = RUNNERS[options.runner]
    steps = blocks_of(plan, plan.steps, variables, runner)
    finals = blocks_of(plan, plan.finals, variables, runner)
    tasks = [task for block in (*steps, *finals) for task in (block.tasks if isinstance(block, Group) else (block,))]
    fail_fast = plan.on_failure == "stop"
    notes = notes_of(plan)
    return DagView(
        spec_file=visible(plan.spec_file),
        runner=runner,
        project=_project(plan),
        modules=_modules(plan, runner, tasks),
        imports=_imports(plan, options, runner, tasks, groups=any(isinstance(block, Group) for block in steps)),
        run=_run(plan, runner, tasks),
        images=tuple(images(plan, options)) if runner.in_containers else (),
        environments=environment_lines(plan),
        common=common_lines(plan),
        functions=functions_of(plan, tasks, listed=bool(plan.finals or notes)),
        process="{EXEC} --fail-fast" if fail_fast else "{EXEC}",
        always=always_of(plan),
        has_empty_list=any(step.foreach and not step.foreach.literal for step in plan.finals),
        has_bounded_fan_out=any(step.parallel for step in plan.finals),
        dag=_dag(plan, options),
        defaults=_defaults(plan, options, runner),
        steps=steps,
        finals=finals,
        all_steps=variables.steps,
        begin=variables.begin,
        verdict=variables.verdict,
        last=variables.last,
        notes=notes,
        judge=tuple(runner.arguments(plan, plan.steps[0], bare=True)),
        fail_fast=fail_fast,
    )


def _project(plan: Plan) -> str:
    """The statement by which a variable of this lifecycle alone says where its project is."""
    variable = string(f"MLSPEC_PROJECT_{plan.lifecycle.upper().replace('-', '_')}")
    line = f"PROJECT = os.environ.get({variable}, PROJECT)"
    return line if fits(line) else f"PROJECT = os.environ.get(\n{INDENT}{variable},\n{INDENT}PROJECT,\n)"


def _modules(plan: Plan, runner: Runner, tasks: Sequence[Task]) -> tuple[str, ...]:
    lists = any("json.loads" in argument for task in tasks for argument in task.arguments)
    limits = any(isinstance(step.body, Approval) and step.body.timeout is not None for step in plan.steps)
    local = runner.name != "kubernetes"
    lines = {
        "import json": lists or any(task.operator == "ListOperator" for task in tasks),
        "import os": local,
        "import shlex": True,
        "from datetime import timedelta": limits or any(map(needs_timedelta, _natives(plan))),
        "from pathlib import Path": local,
        "from typing import Any": True,
    }
    return tuple(line for line, is_used in lines.items() if is_used)


def _natives(plan: Plan) -> Iterator[DagArguments | OperatorArguments]:
    yield options_of(plan).dag
    yield from (extension_of(step).operator for step in plan.all_steps() if "airflow" in step.extensions)


def _imports(plan: Plan, options: AirflowOptions, runner: Runner, tasks: Sequence[Task], *, groups: bool) -> tuple[str, ...]:
    # The compat provider finds each name where the installed Airflow has it; `airflow.sdk` exists from 3.0 on.
    module = "airflow.sdk" if options.version == 3 else "airflow.providers.common.compat.sdk"
    final_each = any(task.call == "final_each" for task in tasks)
    rules = final_each or any("TriggerRule" in argument for task in tasks for argument in task.arguments)
    names = {
        "DAG": True,
        "MultipleCronTriggerTimetable": bool(plan.more_schedules),
        "Param": bool(plan.params),
        "TaskGroup": groups or final_each,
        "TriggerRule": rules,
        "literal": True,
    }
    used = [name for name, is_used in names.items() if is_used]
    masks = any("| masked " in argument for task in tasks for argument in task.arguments)
    if options.version == 3:
        lines = [_import(module, used), "from airflow.sdk.exceptions import AirflowFailException"]
        lines += ["from airflow.sdk.log import mask_secret"] if masks else []
    else:
        lines = [_import(module, sorted([*used, "AirflowFailException", *(["mask_secret"] if masks else [])], key=_place))]
    empty = "from airflow.providers.standard.operators.empty import EmptyOperator"
    lines += [empty, *runner.imports(plan), *([] if _unscheduled(plan, options) else ["import pendulum"])]
    operators = {task.operator for task in tasks}
    if "HITLOperator" in operators:
        lines.append("from airflow.providers.standard.operators.hitl import HITLOperator")
    return tuple(sorted(lines, key=lambda line: (line.startswith("from"), line.split(" import ")[0], line)))


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if fits(line) else f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in names) + ")"


def _place(name: str) -> tuple[bool, bool, str]:
    """Where sorted imports have a name: constants before classes before functions."""
    return not name.isupper(), name[0].islower(), name


def _unscheduled(plan: Plan, options: AirflowOptions) -> bool:
    """Whether no date means anything to the DAG; Airflow 2 wants one all the same."""
    return plan.schedule is None and options.version == 3


def _run(plan: Plan, runner: Runner, tasks: Sequence[Task]) -> Rows:
    rows = [
        (string("MLSPEC_RUN_ID"), string("{{ run_id }}")),
        # How often tasks of the run have been cleared: a failure of an earlier try keeps no step from starting.
        (string("MLSPEC_RUN_TRY"), string("{{ dag_run.clear_number }}")),
        # A clear sets `max_tries` to the tries so far and the retries, in 2.11 and 3 alike (clear_task_instances).
        (string("MLSPEC_RESTART"), string("{{ [0, ti.try_number - ti.max_tries + task.retries - 1] | max }}")),
    ]
    if plan.reads_date:
        rows.append((string(DATE_VARIABLE), string(_DATE)))
    if any(task.call == "for_each" for task in tasks):
        rows.append((string("MLSPEC_INSTANCE"), string("{{ ti.map_index }}")))
    return (*rows, *(param_variable(parameter, runner) for parameter in plan.params))


# With `create_cron_data_intervals`, the only way before Airflow 3, a scheduled run's logical date is the time before the one that it
# was scheduled for; the interval ends at that one in any case. Runs of assets and of the API may have no logical date (DagRun).
_DATE = (
    "{{ (dag_run.run_type in ('scheduled', 'backfill') and dag_run.data_interval_end)"
    " or dag_run.logical_date or dag_run.run_after }}"
)


FIRST_DAY = "2020-01-01"
"""The `start_date` of DAGs that say none."""


def _dag(plan: Plan, options: AirflowOptions) -> tuple[str, ...]:
    timezone = plan.schedule.timezone if plan.schedule else "UTC"
    arguments = [f"dag_id={string(options.dag_id or plan.lifecycle)}"]
    if plan.description:
        arguments.append(f"doc_md={doc(plan.description)}")
    # A cron expression counts in the time zone of `start_date`. The date itself is of no weight unless catchup is on.
    arguments.append(f"schedule={_schedule(plan)}")
    if not _unscheduled(plan, options):
        year, month, day = map(int, ((plan.catchup and plan.catchup.start) or FIRST_DAY).split("-"))
        arguments.append(f"start_date=pendulum.datetime({year}, {month}, {day}, tz={string(timezone)})")
        arguments.append(f"catchup={plan.catchup is not None}")
    if plan.overlap is not None:
        arguments.append(f"max_active_runs={plan.overlap.limit}")
    if plan.labels:
        tags: list[Json] = [f"{key}:{value}" for key, value in plan.labels]
        arguments.append(f"tags={literal(tags, 1, len('    tags='), 1)}")
    if plan.params:
        arguments.append(params_argument(plan.params))
    native = given_names(options.dag)
    arguments = [argument for argument in arguments if argument.partition("=")[0] not in native]
    return (*arguments, *native_arguments(options.dag, "targets.airflow.dag", 1))


def _schedule(plan: Plan) -> str:
    if plan.schedule is None or not plan.more_schedules:
        return string(line_of(plan.schedule)) if plan.schedule else "None"
    words = [*(string(line_of(each)) for each in plan.schedules), f"timezone={string(plan.schedule.timezone)}"]
    call = f"MultipleCronTriggerTimetable({', '.join(words)})"
    if fits(f"{INDENT}schedule={call},"):
        return call
    return "MultipleCronTriggerTimetable(\n" + "".join(f"{INDENT * 2}{word},\n" for word in words) + f"{INDENT})"


def _defaults(plan: Plan, options: AirflowOptions, runner: Runner) -> Rows:
    defaults = [("owner", string(", ".join(plan.owners)))] if plan.owners else []
    defaults += [("pool", string(options.pool))] if options.pool else []
    defaults += [
        # Of what ended the step process itself makes attempts, so that they mean the same everywhere.
        ("retries", str(LOST)),
        (runner.variables, "RUN"),
        *runner.defaults(plan, options),
        ("skip_on_exit_code", f"Ended([{NOT_RUN}])"),
        ("do_xcom_push", "False"),
    ]
    return tuple((string(key), value) for key, value in defaults)
