"""Compile a plan to one DAG file.

In: a `Plan` that passed the target's checks. Out: one `GeneratedFile` whose text is already formatted.
Owns the file around its tasks: imports, what a run and its environments are told, the DAG and its params; see `tasks` for
the rest. Never escapes by hand (see `literals`) and never imports Airflow. Change it when the file should read better.
"""

from __future__ import annotations

import re

from mlspec.emission.templates import template
from mlspec.expr.values import number_text
from mlspec.ir.bodies import Approval
from mlspec.ir.model import Parameter, Plan
from mlspec.targets.airflow.literals import INDENT, fits, jinja_string, literal, string, visible
from mlspec.targets.airflow.options import AirflowOptions, options_of
from mlspec.targets.airflow.process import environment_lines, tracking_lines
from mlspec.targets.airflow.runners import RUNNERS, Runner, images
from mlspec.targets.airflow.tasks import Group, Task, doc, tasks_of
from mlspec.targets.airflow.variables import Variables
from mlspec.targets.base import GeneratedFile, sealed
from mlspec.terms import NOT_RUN, Json

_JSON_SCHEMA_TYPES = {"list": "array"}


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return the DAG file, named after the lifecycle."""
    options, variables = options_of(plan), Variables(plan)
    runner = RUNNERS[options.runner]
    steps = list(tasks_of(plan, plan.steps, variables, runner))
    finals = list(tasks_of(plan, plan.finals, variables, runner))
    tasks = [task for block in (*steps, *finals) for task in (block.tasks if isinstance(block, Group) else (block,))]
    groups = any(isinstance(block, Group) for block in steps)
    body = template("airflow", "dag.py.j2").render(
        spec_file=visible(plan.spec_file),
        modules=_modules(plan, runner, tasks),
        imports=_imports(plan, options, runner, tasks, groups),
        run=_run(plan, tasks),
        common=[string(option) for option in _common(plan)],
        fail_fast=plan.on_failure == "stop",
        dag=_dag(plan, options),
        tracking=tracking_lines(plan),
        environments=environment_lines(plan),
        images=images(plan, options) if runner.name != "bash" else [],
        defaults=_defaults(plan, options, runner),
        runner=runner,
        calls={task.call for task in tasks if task.options},
        operators={task.operator for task in tasks},
        steps=steps,
        finals=finals,
        final_lists={
            "matrix": any(step.instance for step in plan.finals),
            "foreach": any(step.foreach for step in plan.finals),
            "empty": any(step.foreach and not step.foreach.literal for step in plan.finals),
            "parallel": any(step.parallel for step in plan.finals),
        },
        all_steps=variables.steps,
        watched=_watched(plan),
    )
    return [GeneratedFile(f"{plan.lifecycle.replace('-', '_')}.py", sealed(plan, "airflow", body))]


def _modules(plan: Plan, runner: Runner, tasks: list[Task]) -> list[str]:
    """The standard library's modules."""
    lists = any("json.loads" in argument for task in tasks for argument in task.arguments)
    json = ["import json"] if lists or any(task.operator == "ListOperator" for task in tasks) else []
    limits = any(isinstance(step.body, Approval) and step.body.timeout is not None for step in plan.steps)
    local = runner.name != "kubernetes"
    plain = [*json, *(["import os"] if local else []), "import shlex"]
    return [
        *plain,
        *(["from datetime import timedelta"] if limits else []),
        *(["from pathlib import Path"] if local else []),
        "from typing import Any",
    ]


def _imports(plan: Plan, options: AirflowOptions, runner: Runner, tasks: list[Task], groups: bool) -> list[str]:
    # The compat provider finds each name where the installed Airflow has it; `airflow.sdk` exists from 3.0 on.
    module = "airflow.sdk" if options.version == 3 else "airflow.providers.common.compat.sdk"
    rules = _watched(plan) or any("TriggerRule" in argument for task in tasks for argument in task.arguments)
    final_each = any(task.call == "final_each" for task in tasks)
    names = [
        ("DAG", True),
        ("Param", bool(plan.params)),
        ("TaskGroup", groups or final_each),
        ("TriggerRule", rules),
        ("literal", True),
    ]
    used = [name for name, is_used in names if is_used]
    line = f"from {module} import {', '.join(used)}"
    if not fits(line):
        line = f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in used) + ")"
    lines = ["import pendulum", line]
    lines += runner.imports(plan)
    operators = {task.operator for task in tasks}
    empty = "EmptyOperator" in operators or final_each
    lines += ["from airflow.providers.standard.operators.empty import EmptyOperator"] if empty else []
    if "HITLOperator" in operators:
        lines.append("from airflow.providers.standard.operators.hitl import HITLOperator")
    if runner.name != "bash" and _watched(plan):
        lines.append("from airflow.providers.standard.operators.bash import BashOperator")
    return sorted(lines, key=lambda line: (line.startswith("from"), line.split(" import ")[0], line))


def _run(plan: Plan, tasks: list[Task]) -> list[tuple[str, str]]:
    values = [("MLSPEC_RUN_ID", "{{ run_id }}")]
    values += [("MLSPEC_INSTANCE", "{{ ti.map_index }}")] if any(task.call == "for_each" for task in tasks) else []
    values += [(f"MLSPEC_PARAM_{parameter.name.upper()}", _param_template(parameter)) for parameter in plan.params]
    return [(string(name), string(value)) for name, value in values]


def _param_template(parameter: Parameter) -> str:
    # A subscript, because `params.items` would be the method of the mapping.
    value = f"params[{jinja_string(parameter.name)}]"
    match parameter.type:
        case "string":
            return f"{{{{ {value} }}}}"
        case "list" | "object":
            # Jinja's own `tojson` sorts keys, which would change the text form of an object.
            return f"{{{{ macros.json.dumps({value}) }}}}"
    return f"{{{{ {value} | tojson }}}}"


def _watched(plan: Plan) -> bool:
    """Whether a step may fail although no leaf of the graph does.

    None can where each step waits for one other at most: what follows a failed one then fails to start, down to the leaf.
    """
    several = any(len(step.upstream) > 1 or step.instance is not None or step.foreach is not None for step in plan.steps)
    return several or bool(plan.finals) or any(step.run_if != "success" for step in plan.steps)


def _common(plan: Plan) -> list[str]:
    return [f"--lifecycle {plan.lifecycle}", f"--store {plan.store}", f"--spec-digest {plan.digest}"]


def _dag(plan: Plan, options: AirflowOptions) -> list[str]:
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
        rows = "".join(f"{INDENT * 2}{_param(parameter)},\n" for parameter in plan.params)
        arguments.append(f"params={{\n{rows}{INDENT}}}")
    return arguments


def _param(parameter: Parameter) -> str:
    """One entry of `params`: a JSON Schema that Airflow checks when a run is triggered."""
    start = f"{string(parameter.name)}: Param("
    named = [f"type={string(_JSON_SCHEMA_TYPES.get(parameter.type, parameter.type))}"]
    named += [f"minimum={number_text(parameter.minimum)}"] if parameter.minimum is not None else []
    named += [f"maximum={number_text(parameter.maximum)}"] if parameter.maximum is not None else []
    named += [f"enum={literal(list(parameter.enum), 3, 12 + len('enum='), 1)}"] if parameter.enum else []
    named += [f"pattern={string(_whole(parameter.pattern))}"] if parameter.pattern is not None else []
    named += [f"description={string(parameter.description)}"] if parameter.description else []
    arguments = [literal(parameter.default, 3, 12, 1), *named]
    line = f"{start}{', '.join(arguments)})"
    if fits(line, len(INDENT * 2), 1):
        return line
    return start + "\n" + "".join(f"{INDENT * 3}{argument},\n" for argument in arguments) + INDENT * 2 + ")"


def _whole(pattern: str) -> str:
    """The pattern for a whole string: JSON Schema looks for one anywhere. Flags such as `(?i)` must stay in front."""
    flags = re.match(r"(\(\?[aimsux]+\))*", pattern)
    start = flags.end() if flags else 0
    return f"{pattern[:start]}^(?:{pattern[start:]})$"


def _defaults(plan: Plan, options: AirflowOptions, runner: Runner) -> list[tuple[str, str]]:
    defaults = [("owner", string(", ".join(plan.owners)))] if plan.owners else []
    defaults += [("pool", string(options.pool))] if options.pool else []
    defaults += [
        ("retries", "0"),  # the step process retries, so that an attempt means the same everywhere
        (runner.variables, "RUN"),
        *runner.defaults(plan, options),
        ("skip_on_exit_code", str(NOT_RUN)),
        ("do_xcom_push", "False"),
    ]
    return [(string(key), value) for key, value in defaults]
