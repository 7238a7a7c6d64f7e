"""The parameters of the run, held to their limits by each of its step processes.

In: an `Invocation`, and the environment. Out: nothing, or `StepError` in the words of `mlspec run -p`. Owns where a process finds the
text of a parameter; what a value may be is said in `mlspec.expr.limits`. Standard library only, but for RE2 where there is a
pattern. Change it when parameters reach processes in another way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from mlspec.errors import StepError
from mlspec.exec.masking import given_away
from mlspec.expr.limits import ParameterError, value_of
from mlspec.expr.values import parameter_variable
from mlspec.invocation.kubeflow import altered_params, exposed_params
from mlspec.invocation.model import Invocation


def check_parameters(invocation: Invocation) -> None:
    """Refuse a run with a parameter out of its limits, or one in whose place Kubeflow may have put something else."""
    texts = {param.name: param.text for param in invocation.wiring.params} | dict(invocation.wiring.given)
    if invocation.run.executor_input is not None:
        _check_altered(invocation, invocation.run.executor_input, texts)
    _refuse_secrets(invocation, texts)
    broken = []
    for name, limits in invocation.run.limits:
        text = _text(name, texts)
        if text is None:  # where it is read that is an error, and elsewhere there is nothing to hold to anything
            continue
        try:
            value_of(name, limits, text)
        except ParameterError as error:
            broken.append(str(error))
        except ImportError as error:
            raise StepError(f"parameter {name} has a pattern, and {error.name} is not installed here") from None
    if broken:
        raise StepError("; ".join(broken))


def _refuse_secrets(invocation: Invocation, texts: Mapping[str, str | None]) -> None:
    """Parameters are kept and shown by whoever passes them: none holds what a secret does."""
    names = {**dict(invocation.run.limits), **texts}
    held = [
        (f"in {name}", os.environ[name]) for name in sorted({*invocation.run.secrets, *invocation.listed} & os.environ.keys())
    ]
    found = given_away({name: _text(name, texts) or "" for name in names}, held)
    if found is not None:
        raise StepError(found)


def _text(name: str, texts: Mapping[str, str | None]) -> str | None:
    text = texts.get(name)
    return text if text is not None else os.environ.get(parameter_variable(name))


def _check_altered(invocation: Invocation, executor_input: str, texts: Mapping[str, str | None]) -> None:
    try:
        found = altered_params(executor_input, texts)
    except (AttributeError, TypeError) as error:
        raise StepError(f"--executor-input is not what Kubeflow passes: {error!r}") from None
    if found:
        listed = ", ".join(f"params.{name}" for name in found)
        raise StepError(f"{listed} holds `{{{{$`, which Kubeflow takes for its own placeholder")
    given = {name: text for name, text in texts.items() if text is not None}
    if exposed := exposed_params(given, invocation.wiring.secrets, os.environ):
        held = "holds `)` and behind it what Kubernetes may have put there"
        raise StepError("; ".join(f"params.{name} {held}: {put}" for name, put in exposed.items()))
