"""The parameters of a run.

In: the plan's parameters. Out: for each its environment variable, and its entry in `params` of the DAG, as source text.
Owns how types of mlspec become JSON Schema and Jinja; never checks a value. Change it when parameters get another type or limit.
"""

from __future__ import annotations

from mlspec.expr.values import number_text, parameter_variable
from mlspec.ir.declarations import Parameter
from mlspec.targets.airflow.literals import INDENT, fits, jinja_string, literal, string
from mlspec.targets.airflow.patterns import native_pattern
from mlspec.targets.airflow.runners import Runner
from mlspec.terms import Json

_JSON_SCHEMA_TYPES = {"list": "array"}


def param_variable(parameter: Parameter, runner: Runner) -> tuple[str, str]:
    """The environment variable of a parameter, and the template of its value."""
    return string(parameter_variable(parameter.name)), string(_template(parameter, runner))


def params_argument(parameters: tuple[Parameter, ...]) -> str:
    """The argument of the DAG."""
    rows = "".join(f"{INDENT * 2}{_entry(parameter)},\n" for parameter in parameters)
    return f"params={{\n{rows}{INDENT}}}"


def _template(parameter: Parameter, runner: Runner) -> str:
    # A subscript, because `params.items` would be the method of the mapping.
    value = f"params[{jinja_string(parameter.name)}]"
    match parameter.type:
        case "string":
            return f"{{{{ {value}{runner.filter} }}}}"
        case "list" | "object":
            # Jinja's own `tojson` sorts keys, which would change the text form of an object.
            return f"{{{{ macros.json.dumps({value}){runner.filter} }}}}"
    return f"{{{{ {value} | tojson }}}}"


def _entry(parameter: Parameter) -> str:
    """One entry of `params`: a JSON Schema that Airflow checks when a run is triggered."""
    start = f"{string(parameter.name)}: Param("
    named = [f"type={string(_JSON_SCHEMA_TYPES.get(parameter.type, parameter.type))}"]
    named += [f"minimum={number_text(parameter.minimum)}"] if parameter.minimum is not None else []
    named += [f"maximum={number_text(parameter.maximum)}"] if parameter.maximum is not None else []
    enum = parameter.enum if _is_read_back(parameter.default) else ()  # step processes hold it to that, too
    named += [f"enum={literal(list(enum), 3, 12 + len('enum='), 1)}"] if enum else []
    pattern = native_pattern(parameter.pattern) if parameter.pattern is not None else None
    named += [f"pattern={string(pattern)}"] if pattern is not None else []
    named += [f"description={string(parameter.description)}"] if parameter.description else []
    arguments = [literal(parameter.default, 3, 12, 1), *named]
    line = f"{start}{', '.join(arguments)})"
    if fits(line, len(INDENT * 2), 1):
        return line
    return start + "\n" + "".join(f"{INDENT * 3}{argument},\n" for argument in arguments) + INDENT * 2 + ")"


def _is_read_back(default: Json) -> bool:
    """Whether Airflow's server knows a default as it was written: of a list it decodes mappings only where all of its elements are such
    (serialized_objects.py, `_deserialize_param`), and then takes the others for none of the `enum`.
    """
    if not isinstance(default, list) or all(isinstance(item, dict) for item in default):
        return True
    todo = [*default]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            return False
        todo += item if isinstance(item, list) else []
    return True
