"""What a step measured, logged to MLflow.

In: an ended step and its `metrics` outputs. Out: one MLflow run, or a sentence that says why there is none. Owns what is logged
and under which names; never fails a step and never raises. Standard library only, until there is something to log.
Change it when MLflow should know more of a step.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping

from mlspec.errors import Interrupted
from mlspec.expr.values import as_text
from mlspec.invocation.model import Invocation
from mlspec.ir.bodies import Uses
from mlspec.observers.base import EndedStep
from mlspec.store.records import Ending
from mlspec.tracking import opened, quiet

_BATCH = 100
"""The most params or tags that MLflow takes at once."""
_LONGEST = 6000
"""Characters of the longest param that MLflow takes."""


def applies(ended: EndedStep) -> bool:
    """There is something to log of a step that ran and declares metrics, and does not log them itself."""
    invocation, ending = ended.invocation, ended.ending
    logs_itself = isinstance(invocation.body, Uses) and invocation.body.name.startswith("mlflow/")
    measures = any(output.type == "metrics" for output in invocation.wiring.outputs)
    return invocation.tracking.uri is not None and ending.attempts > 0 and measures and not logs_itself


def observe(ended: EndedStep) -> str | None:
    """Log the step as one MLflow run."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # a step must not wait minutes for a server that is down
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    try:
        with quiet():
            _log(ended.invocation, ended.ending, ended.metrics)
    except ModuleNotFoundError as error:
        return f"MLflow: not logged: the module {error.name} is not installed here"
    except Interrupted as interrupted:
        return f"MLflow: not logged: {interrupted}"
    except Exception as error:
        text = str(error).strip()
        return f"MLflow: not logged: {text.splitlines()[0] if text else type(error).__name__}"
    return None


def _log(invocation: Invocation, ending: Ending, metrics: Mapping[str, Mapping[str, float]]) -> None:
    from mlflow.entities import Metric, Param

    assert invocation.tracking.uri is not None, "only tracked steps are logged"
    client, experiment = opened(invocation.tracking.uri, invocation.tracking.experiment or invocation.run.lifecycle)
    run = client.create_run(
        experiment,
        start_time=int(ending.started * 1000),
        tags=_tags(invocation),
        run_name=invocation.label,
    )
    now = int(time.time() * 1000)
    params = [Param(name, as_text(value)[:_LONGEST]) for name, value in ending.with_.items()]
    numbers = [Metric(name, number, now, 0) for name, number in _flattened(metrics).items()]
    for first in range(0, max(len(params), len(numbers)), _BATCH):
        batch = slice(first, first + _BATCH)
        client.log_batch(run.info.run_id, metrics=numbers[batch], params=params[batch])
    client.set_terminated(run.info.run_id, "FINISHED" if ending.status == "succeeded" else "FAILED", now)


def _tags(invocation: Invocation) -> dict[str, str]:
    tags = {
        "mlspec.lifecycle": invocation.run.lifecycle,
        "mlspec.run_id": invocation.run.run_id,
        "mlspec.step": invocation.label,
        "mlspec.spec_digest": invocation.run.spec_digest or "",
    }
    return {name: value for name, value in tags.items() if value}


def _flattened(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """All numbers under one name each, prefixed by the output where there are several; MLflow refuses other characters."""
    prefix = len(metrics) > 1
    return {
        re.sub(r"[^\w .:/-]", "_", f"{output}.{name}" if prefix else name): float(number)
        for output, numbers in metrics.items()
        for name, number in numbers.items()
    }
