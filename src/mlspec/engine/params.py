"""The parameters of one run.

In: values, or their text from a command line. Out: a value for every parameter of the plan.
Owns which parameters there are, and their variables; what a value may be is said in `mlspec.expr.limits`. Never reads the spec.
Change it when step processes find parameters elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlspec.diagnostics.nearest import nearest
from mlspec.exec.masking import given_away
from mlspec.expr.limits import ParameterError, check_value, value_of
from mlspec.expr.values import as_text, parameter_variable, typed
from mlspec.ir.declarations import Parameter
from mlspec.ir.model import Plan
from mlspec.terms import Json


def params_from_text(plan: Plan, texts: Mapping[str, str]) -> dict[str, Json]:
    """Read `name: text` pairs by each parameter's declared type; raises `ParameterError`."""
    return {name: value_of(name, _known(plan, name), text) for name, text in texts.items()}


def complete_params(plan: Plan, given: Mapping[str, Json]) -> dict[str, Json]:
    """Return every parameter's value, given or default, in the order of the plan; raises `ParameterError`."""
    for name, value in given.items():
        check_value(name, _known(plan, name), value)
    return {parameter.name: _as_read(parameter, given.get(parameter.name, parameter.default)) for parameter in plan.params}


def refuse_secrets(plan: Plan, given: Mapping[str, Json], environ: Mapping[str, str]) -> None:
    """Raise `ParameterError` for a value with that of a declared secret in it: parameters are kept, shown and sent on."""
    held = [
        (repr(secret.name), environ[variable])
        for secret in plan.secrets.values()
        for variable in secret.variables
        if variable in environ
    ]
    found = given_away({name: as_text(value) for name, value in given.items()}, held)
    if found is not None:
        raise ParameterError(found)


def param_variables(params: Mapping[str, Json]) -> dict[str, str]:
    """Return the environment variables in which step processes find the parameters."""
    return {parameter_variable(name): as_text(value) for name, value in params.items()}


def _as_read(parameter: Parameter, value: Json) -> Json:
    """The value as step processes read its text, on every orchestrator: keys in order, whole numbers without a fraction."""
    try:
        return typed(as_text(value), parameter.type)
    except ValueError as error:
        raise ParameterError(f"{parameter.name}: {error}") from None


def _known(plan: Plan, name: str) -> Parameter:
    try:
        return plan.param(name)
    except KeyError:
        names = [parameter.name for parameter in plan.params]
        close = nearest(name, names)
        hint = f"did you mean {close!r}?" if close else f"the spec has: {', '.join(names) or 'none'}"
        raise ParameterError(f"there is no parameter {name!r}; {hint}") from None
