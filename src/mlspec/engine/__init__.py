"""Runs a plan on this machine, and reads back how any run in a store ended.

`states` and `frontier` decide what may start, `schedule` starts step processes and waits, `outcome` reads runs back.
To teach the engine a new kind of step: a body in `ir.bodies`, its arguments in `invocation`, and, only when it is more
than a process that ends, a case in `schedule`.
"""

from mlspec.engine.errors import RunError
from mlspec.engine.outcome import local_outcome, outcome
from mlspec.engine.results import RunOutcome, RunWarning, StepOutcome
from mlspec.engine.schedule import run
from mlspec.errors import StoreError
from mlspec.store.runs import Runs

__all__ = ["RunError", "RunOutcome", "RunWarning", "Runs", "StepOutcome", "StoreError", "local_outcome", "outcome", "run"]
