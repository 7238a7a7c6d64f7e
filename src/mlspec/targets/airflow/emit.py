"""Compile a plan to one DAG file.

In: a `Plan` that passed the target's checks. Out: one `GeneratedFile` whose text is already formatted.
Owns which Airflow construct carries which meaning; never escapes by hand (see `literals`) and never imports Airflow.
Change it when a feature moves from refused to supported, or when the file should read better.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mlspec.plan.command import number, step_options
from mlspec.plan.describe import origin
from mlspec.plan.model import Gate, Json, Parameter, Plan, Secret, Step
from mlspec.resources import folder
from mlspec.targets.airflow.literals import INDENT, block, fits, literal, string, visible
from mlspec.targets.airflow.options import AirflowOptions, AirflowStepOptions
from mlspec.targets.base import GeneratedFile, sealed

if TYPE_CHECKING:
    from jinja2 import Template

SKIPPED = 99
"""What the step process exits with when a step did not run."""

_JSON_SCHEMA_TYPES = {"list": "array"}
_TRACKING = ("--tracking", "--experiment")
_ENVIRONMENT = ("--environment", "--environment-digest", "--pythonpath", "--python")
_OWN = ("dag", "list", "os", "pendulum", "shlex", "step_process", "str")
_TAKEN = frozenset({*keyword.kwlist, *keyword.softkwlist, *_OWN})
"""Names that the generated file uses itself: a task of that name gets a variable of another."""


@dataclass(frozen=True, slots=True)
class _Task:
    comment: str
    variable: str
    task_id: str
    noqa: str
    arguments: tuple[str, ...]
    options: tuple[str, ...]
    teardown: bool
    upstream: str


def emit(plan: Plan) -> list[GeneratedFile]:
    """Return the DAG file, named after the lifecycle."""
    options = AirflowOptions.model_validate(plan.target_options.get("airflow", {}))
    variables = _variables(plan)
    body = _template().render(
        spec_file=visible(plan.spec_file),
        imports=_imports(plan, options),
        run=_run(plan),
        common=[string(option) for option in _common(plan)],
        dag=_dag(plan, options),
        tracking=_tracking(plan),
        environments=_environments(plan),
        defaults=_defaults(plan, options),
        steps=[_task(plan, step, variables) for step in plan.steps],
        finals=[_task(plan, step, variables, final=True) for step in plan.finals],
        all_steps=variables[""],
    )
    return [GeneratedFile(f"{plan.lifecycle.replace('-', '_')}.py", sealed(plan, "airflow", body))]


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(folder("templates") / "airflow")
    environment = Environment(
        loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.get_template("dag.py.j2")


def _imports(plan: Plan, options: AirflowOptions) -> list[str]:
    # The compat provider finds each name where the installed Airflow has it; `airflow.sdk` exists from 3.0 on.
    module = "airflow.sdk" if options.version == 3 else "airflow.providers.common.compat.sdk"
    names = f"DAG, {'Param, ' if plan.params else ''}TriggerRule, literal"
    operator = "from airflow.providers.standard.operators.bash import BashOperator"
    return sorted([f"from {module} import {names}", operator])


def _variables(plan: Plan) -> Mapping[str, str]:
    """A Python variable for each step id, and under the empty id one for the list of all steps."""
    slugs = {step.slug for step in plan.all_steps()}

    def free(name: str) -> str:
        while name in _TAKEN or name in slugs:
            name += "_"
        return name

    names = {step.id: free(step.slug) if step.slug in _TAKEN else step.slug for step in plan.all_steps()}
    return names | {"": free("steps")}


def _run(plan: Plan) -> list[tuple[str, str]]:
    values = [("MLSPEC_RUN_ID", "{{ run_id }}")]
    values += [(f"MLSPEC_PARAM_{parameter.name.upper()}", _param_template(parameter)) for parameter in plan.params]
    return [(string(name), string(value)) for name, value in values]


def _param_template(parameter: Parameter) -> str:
    # A subscript, because `params.items` would be the method of the mapping.
    value = f"params[{_jinja_string(parameter.name)}]"
    match parameter.type:
        case "string":
            return f"{{{{ {value} }}}}"
        case "list" | "object":
            # Jinja's own `tojson` sorts keys, which would change the text form of an object.
            return f"{{{{ macros.json.dumps({value}) }}}}"
    return f"{{{{ {value} | tojson }}}}"


def _jinja_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _common(plan: Plan) -> list[str]:
    return [f"--lifecycle {plan.lifecycle}", f"--store {plan.store}", f"--spec-digest {plan.digest}"]


def _dag(plan: Plan, options: AirflowOptions) -> list[str]:
    timezone = plan.schedule.timezone if plan.schedule else "UTC"
    arguments = [f"dag_id={string(options.dag_id or plan.lifecycle)}"]
    if plan.description:
        arguments.append(f"doc_md={_doc(plan.description)}")
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


def _doc(text: str) -> str:
    # Airflow reads documentation that ends in `.md` from a file of that name.
    return block(text + "\n" if text.endswith(".md") else text)


def _param(parameter: Parameter) -> str:
    """One entry of `params`: a JSON Schema that Airflow checks when a run is triggered."""
    start = f"{string(parameter.name)}: Param("
    named = [f"type={string(_JSON_SCHEMA_TYPES.get(parameter.type, parameter.type))}"]
    named += [f"minimum={number(parameter.minimum)}"] if parameter.minimum is not None else []
    named += [f"maximum={number(parameter.maximum)}"] if parameter.maximum is not None else []
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


def _defaults(plan: Plan, options: AirflowOptions) -> list[tuple[str, str]]:
    defaults = [("owner", string(", ".join(plan.owners)))] if plan.owners else []
    defaults += [("pool", string(options.pool))] if options.pool else []
    defaults += [
        ("retries", "0"),  # the step process retries, so that an attempt means the same everywhere
        ("env", "RUN"),
        ("append_env", "True"),
        ("skip_on_exit_code", str(SKIPPED)),
        ("do_xcom_push", "False"),
    ]
    return [(string(key), value) for key, value in defaults]


def _task(plan: Plan, step: Step, variables: Mapping[str, str], *, final: bool = False) -> _Task:
    variable = variables[step.id]
    # A teardown runs whatever became of its upstream, even in a run that a person ended. A `finally` step that needs
    # another one is an ordinary task instead: a failure of what it needs blocks it.
    teardown = final and not step.upstream
    options = _options(plan, step)
    if plan.on_failure == "stop" and not final:
        # Airflow's own fail_fast would end tasks that are running.
        options.insert(1, string("--fail-fast"))
    return _Task(
        comment=visible(f"{step.id}: {origin(step, plan.spec_file)}"),
        variable=variable,
        task_id=string(step.slug),
        noqa="" if variable == step.slug or teardown else "  # noqa: AIR001",
        arguments=tuple(_arguments(plan, step)),
        options=tuple(options),
        teardown=teardown,
        upstream=variables[""] if teardown else _upstream(step, variables),
    )


def _options(plan: Plan, step: Step) -> list[str]:
    """The step's options as source text; those that many steps share stand once, at the top of the file."""
    lines: list[str] = []
    for words in step_options(plan, step):
        if words[0] in _TRACKING:
            line = "*TRACKING"
        elif words[0] in _ENVIRONMENT:
            line = f"*ENVIRONMENT[{string(step.environment or '')}]"
        else:
            lines.append(block(" ".join(words)))
            continue
        if lines[-1] != line:
            lines.append(line)
    return lines


def _tracking(plan: Plan) -> list[str]:
    tracked = [step for step in plan.all_steps() if not isinstance(step.body, Gate)]
    return _only(_TRACKING, plan, tracked[0]) if tracked else []


def _environments(plan: Plan) -> list[tuple[str, list[str]]]:
    """The options of each environment that a step is in, by name."""
    first: dict[str, Step] = {}
    for step in plan.all_steps():
        if step.environment:
            first.setdefault(step.environment, step)
    found = [(string(name), _only(_ENVIRONMENT, plan, first[name])) for name in sorted(first)]
    return [(name, options) for name, options in found if options]


def _only(names: tuple[str, ...], plan: Plan, step: Step) -> list[str]:
    return [string(" ".join(words)) for words in step_options(plan, step) if words[0] in names]


def _upstream(step: Step, variables: Mapping[str, str]) -> str:
    names = [variables[upstream] for upstream in step.upstream]
    if len(names) < 2:
        return "".join(names)
    line = f"[{', '.join(names)}]"
    if fits(line, len(INDENT), len(f" >> {variables[step.id]}")):
        return line
    return "[\n" + "".join(f"{INDENT * 2}{name},\n" for name in names) + f"{INDENT}]"


def _arguments(plan: Plan, step: Step) -> list[str]:
    extension = AirflowStepOptions.model_validate(step.extensions.get("airflow", {}))
    arguments = [f"doc_md={_doc(step.description)}"] if step.description else []
    arguments += [f"pool={string(extension.pool)}"] if extension.pool else []
    arguments += [f"queue={string(extension.queue)}"] if extension.queue else []
    secrets = [secret for name in step.secrets if (secret := plan.secrets[name]).airflow]
    if secrets:
        rows = ["**RUN", *(f"{string(secret.env)}: {string(_secret(secret))}" for secret in secrets)]
        arguments.append("env={\n" + "".join(f"{INDENT * 3}{row},\n" for row in rows) + INDENT * 2 + "}")
    return arguments


def _secret(secret: Secret) -> str:
    """A template that Airflow renders when the task starts.

    What Airflow does not have becomes empty, so that the step process can fail with a record: a template that fails
    would leave none, and the rest of the run would not know.
    """
    kind, name = secret.airflow or ("variable", secret.name)
    if kind == "connection":
        return f"{{{{ conn.get({_jinja_string(name)}).password | default('', true) }}}}"
    return f"{{{{ var.value.get({_jinja_string(name)}, '') }}}}"
