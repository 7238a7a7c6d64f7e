"""The record of an ended step, and the failure marker that the rest of its run looks at.

In: an ended step. Out: both in its store. Owns that every end is recorded; never decides how a step ends, and never knows the
record's form (see `store.records`). Raises `StoreError`: a step without a record has failed.
Standard library only. Change it when the end of a step must leave something else that its run relies on.
"""

from __future__ import annotations

from mlspec.observers.base import EndedStep


def applies(ended: EndedStep) -> bool:
    """Every step that ends has a record."""
    return True


def observe(ended: EndedStep) -> str | None:
    """Write the record; then set the failure marker, or clear that of a former try."""
    invocation = ended.invocation
    ended.records.end(
        invocation.step,
        invocation.instance_index,
        invocation.recorded_instance,
        ended.ending,
        final=invocation.start.final,
    )
    return None
