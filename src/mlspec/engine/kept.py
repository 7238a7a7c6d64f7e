"""Whether what a step made is still what its record says.

In: the runs of a lifecycle, and a record. Out: what is wrong, in a few words. Owns the look at outputs that a resumed run would
take as they are; never changes one. Change it when an output must be told from an altered one in another way.
"""

from __future__ import annotations

from mlspec.errors import StoreError, sentence
from mlspec.store.present import present_digest
from mlspec.store.records import Record
from mlspec.store.runs import Runs


def fault(runs: Runs, record: Record | None) -> str | None:
    """Say why a step that succeeded cannot keep its results; None when it can."""
    if record is None:
        return "its record is gone"
    for name, made in record["outputs"].items():
        try:
            found = present_digest(made["uri"], runs.project)
        except (OSError, StoreError) as error:
            return f"its output {name} cannot be read: {sentence(error)}"
        if found != made.get("digest"):
            return f"its output {name} is not what it made: it has another digest"
    return None
