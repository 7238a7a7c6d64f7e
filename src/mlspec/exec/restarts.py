"""A step that is started again by whoever started it, because its process vanished.

In: an `Invocation`, the records of the run. Out: what the earlier start of the same try came to. Owns what counts as the same try: it
is said (`--restart`, `MLSPEC_RUN_TRY`), never guessed from what lies in the store, for people start steps again too, and then nothing
of before counts.
Standard library only. Change it when an orchestrator says in another way that it starts a step again.
"""

from __future__ import annotations

from typing import NamedTuple

from mlspec.errors import StoreError
from mlspec.invocation.model import Invocation
from mlspec.store.records import Record, Records


class Former(NamedTuple):
    """What earlier starts of this try left: attempts, those of them that vanished, and a record where one has ended."""

    attempts: int = 0
    lost: int = 0
    record: Record | None = None


def former_starts(invocation: Invocation, records: Records) -> Former:
    """Look for them; nothing when this is the first start, or what they left cannot be read."""
    if not invocation.start.restart:
        return Former()
    place = invocation.step, invocation.instance_index
    try:
        record, mark = records.read(*place), records.started(*place)
    except StoreError:
        return Former()
    if record is not None and _of_this_try(invocation, records, str(record.get("run_try", ""))):
        return Former(record["attempts"], 0, record)
    if mark is not None and _of_this_try(invocation, records, mark.run_try):
        return Former(mark.attempts, mark.lost + 1)
    return Former()


def _of_this_try(invocation: Invocation, records: Records, run_try: str) -> bool:
    """Whether what a start left is of this try of the run: the first start of this try may have been lost before it left anything.

    On Kubeflow a `finally` step's own first start begins the next try, so that nothing is known there of the tries of these.
    """
    if invocation.run.executor_input is not None and invocation.start.final:
        return True
    return run_try == records.run_try


def restarts_left(invocation: Invocation, lost: int) -> int:
    """How often whoever started this step, of which `lost` starts have vanished, will start it again; 0 when that was not said."""
    number = invocation.start.restart
    return 0 if number is None else max(0, invocation.policy.retry.lost - max(number, lost))
