"""The parameters of a run.

In: the plan's parameters. Out: for each its environment variable, and its entry in `params` of the DAG, as source text.
Owns how types of mlspec become JSON Schema and Jinja; never checks a value. Change it when parameters get another type or limit.
"""

from __future__ import annotations

import re

from mlspec.expr.values import number_text
from mlspec.ir.model import Parameter
from mlspec.targets.airflow.literals import INDENT, fits, jinja_string, literal, string

_JSON_SCHEMA_TYPES = {"list": "array"}


def param_variable(parameter: Parameter) -> tuple[str, str]:
    """The environment variable of a parameter, and the template of its value."""
    return string(f"MLSPEC_PARAM_{parameter.name.upper()}"), string(_template(parameter))


def params_argument(parameters: tuple[Parameter, ...]) -> str:
    """The argument of the DAG."""
    rows = "".join(f"{INDENT * 2}{_entry(parameter)},\n" for parameter in parameters)
    return f"params={{\n{rows}{INDENT}}}"


def _template(parameter: Parameter) -> str:
    # A subscript, because `params.items` would be the method of the mapping.
    value = f"params[{jinja_string(parameter.name)}]"
    match parameter.type:
        case "string":
            return f"{{{{ {value} }}}}"
        case "list" | "object":
            # Jinja's own `tojson` sorts keys, which would change the text form of an object.
            return f"{{{{ macros.json.dumps({value}) }}}}"
    return f"{{{{ {value} | tojson }}}}"


def _entry(parameter: Parameter) -> str:
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
