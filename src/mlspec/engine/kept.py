"""Whether what a step made is still what its record says.

In: the runs of a lifecycle, and a record. Out: what is wrong, in a few words. Owns the look at outputs that a resumed run would
take as they are; never changes one. Change it when an output must be told from an altered one in another way.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from mlspec.errors import StoreError, sentence
from mlspec.store.digests import digest
from mlspec.store.filesystem import fetch, is_remote, local_path
from mlspec.store.records import Record
from mlspec.store.runs import Runs


def fault(runs: Runs, record: Record | None) -> str | None:
    """Say why a step that succeeded cannot keep its results; None when it can."""
    if record is None:
        return "its record is gone"
    for name, made in record["outputs"].items():
        try:
            found = _digest(runs, made["uri"])
        except (OSError, StoreError) as error:
            return f"its output {name} cannot be read: {sentence(error)}"
        if found != made.get("digest"):
            return f"its output {name} is not what it made: it has another digest"
    return None


def _digest(runs: Runs, uri: str) -> str:
    if not is_remote(uri):
        return digest(local_path(uri) if uri.startswith("file:") else runs.project / uri)
    with tempfile.TemporaryDirectory() as scratch:
        return digest(fetch(uri, Path(scratch)))
