"""`run.date` and `run.day`: the time that the run is for.

In: an `Invocation`, and the environment. Out: texts, or `StepError`. Owns where a process finds that time; what a day is in a zone is
said in `mlspec.moments`. Standard library only; imported where a step reads it. Change it when orchestrators say it in another way.
"""

from __future__ import annotations

import os

from mlspec.errors import StepError
from mlspec.invocation.model import Invocation
from mlspec.moments import MomentError, day_of, orchestrator_moment, text_of
from mlspec.terms import DATE_VARIABLE, UTC


def run_date(invocation: Invocation, field: str) -> str:
    """Return `run.date` or `run.day`; raises `StepError` where nobody says it."""
    text = invocation.run.date if invocation.run.date is not None else os.environ.get(DATE_VARIABLE)
    if not text:
        raise StepError(f"run.{field} has no value: neither --run-date nor {DATE_VARIABLE} says what the run is for")
    if text.startswith("{{$"):
        raise StepError(f"run.{field} has no value: this Kubeflow does not know {text}")
    try:
        moment = orchestrator_moment(text)
        return text_of(moment) if field == "date" else day_of(moment, invocation.wiring.timezone or UTC).isoformat()
    except (MomentError, OverflowError) as error:
        raise StepError(f"run.{field}: {error}") from None
