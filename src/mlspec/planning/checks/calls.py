"""`call:` functions must exist and take what they are given.

In: a pipeline. Out: findings. Reads Python only where a step has a `call` (see `mlspec.planning.signatures`).
Never decides what is wrong. Change it when calls stand in another place.
"""

from __future__ import annotations

from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Check every `call:` of the pipeline."""
    for named in pipeline.scope.steps.values():
        if named.step.call is not None:
            from mlspec.planning.signatures import check_call

            check_call(pipeline, named, named.step.call, findings)
