"""Runs a plan on this machine, and tells how any run in a store ended.

`states` and `frontier` decide what may start, `schedule` starts step processes and waits, `outcome` reads runs back.
To teach the runner a new kind of step: a body in `plan.model`, its options in `plan.command`, and, only when it is more
than a process that ends, a case in `schedule`.
"""

from mlspec.runner.outcome import RunOutcome, StepOutcome, local_outcome, outcome
from mlspec.runner.runs import RunError, Runs, StoreError
from mlspec.runner.schedule import run

__all__ = ["RunError", "RunOutcome", "Runs", "StepOutcome", "StoreError", "local_outcome", "outcome", "run"]
