"""What a path or a URI holds now.

In: a path relative to a project, or a URI. Out: its digest, as records have it of inputs and outputs. Owns that what is on another machine
is fetched for it, and not kept. Standard library only. Change it when a store can tell digests by itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from mlspec.store.digests import digest
from mlspec.store.filesystem import fetch, is_remote, local_path


def present_digest(place: str, project: Path) -> str:
    """Return the digest of what is there; raises `OSError` or `StoreError` where there is nothing to read."""
    if not is_remote(place):
        return digest(local_path(place) if place.startswith("file:") else project / place)
    with tempfile.TemporaryDirectory(prefix="mlspec-") as scratch:
        return digest(fetch(place, Path(scratch)))
