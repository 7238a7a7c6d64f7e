"""The parameters of one run.

In: values, or their text from a command line. Out: a value for every parameter of the plan.
Owns the check against type, bounds, `enum` and `pattern`; never reads the spec.
Change it when a parameter learns a new constraint.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.diagnostics.nearest import nearest
from mlspec.expr.limits import violation
from mlspec.expr.values import as_text, typed
from mlspec.ir.model import Parameter, Plan
from mlspec.terms import Json

_FORMS = {
    "integer": "a whole number, such as 7",
    "number": "a number, such as 0.5 or 1e-3",
    "boolean": "true or false",
    "list": 'JSON, such as ["a", 1]',
    "object": 'JSON, such as {"a": 1}',
}
"""How the types are written that a text may fail to be."""


class ParameterError(ValueError):
    """A parameter that the plan does not have, or a value that it does not take."""


def params_from_text(plan: Plan, texts: Mapping[str, str]) -> dict[str, Json]:
    """Read `name: text` pairs by each parameter's declared type; raises `ParameterError`."""
    values = {}
    for name, text in texts.items():
        parameter = _known(plan, name)
        try:
            values[name] = typed(text, parameter.type)
        except ValueError as error:
            raise ParameterError(f"parameter {name}: {error}; write {_FORMS[parameter.type]}") from None
    return values


def complete_params(plan: Plan, given: Mapping[str, Json]) -> dict[str, Json]:
    """Return every parameter's value, given or default, in the order of the plan; raises `ParameterError`."""
    for name, value in given.items():
        _check(_known(plan, name), value)
    return {parameter.name: given.get(parameter.name, parameter.default) for parameter in plan.params}


def param_variables(params: Mapping[str, Json]) -> dict[str, str]:
    """Return the environment variables in which step processes find the parameters."""
    return {f"MLSPEC_PARAM_{name.upper()}": as_text(value) for name, value in params.items()}


def _known(plan: Plan, name: str) -> Parameter:
    try:
        return plan.param(name)
    except KeyError:
        names = [parameter.name for parameter in plan.params]
        close = nearest(name, names)
        hint = f"did you mean {close!r}?" if close else f"the spec has: {', '.join(names) or 'none'}"
        raise ParameterError(f"there is no parameter {name!r}; {hint}") from None


def _check(parameter: Parameter, value: Json) -> None:
    broken = violation(parameter, value)
    if broken is not None:
        raise ParameterError(f"parameter {parameter.name}: {broken}")
