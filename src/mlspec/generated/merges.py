"""What git made of generated files when it merged branches.

In: a folder, and the texts that are there. Out: the checksums of what git wrote at paths for which several are recorded. Owns which
revision that was; reads the repository that the folder is in and never changes it, and knows nothing where there is none.
Change it when git keeps both sides of the checksums in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlspec.generated import checksums
from mlspec.generated.checksums import Checksums


def as_merged(folder: Path, present: Mapping[str, str | None]) -> Checksums:
    """Of each file that both sides of a merge have a checksum of, that of the text which git put into its place.

    It is the one of the commit that brought the checksums together, or of the index where that merge is not committed yet. What
    somebody has written since has another.
    """
    recorded = checksums.read(present.get(checksums.FILE) or "")
    several = [path for path, known in recorded.items() if len(known) > 1]
    if not several:
        return {}
    from mlspec.source.git_work import committed, last_commit
    from mlspec.source.project import ProjectError

    try:
        commit = last_commit(folder, checksums.FILE)
        is_committed = checksums.read(committed(folder, commit, checksums.FILE)) == recorded
    except ProjectError:
        commit, is_committed = "", False
    found = {}
    for path in several:
        try:
            text = committed(folder, commit if is_committed else "", path)
        except ProjectError:
            continue
        found[path] = frozenset([checksums.checksum_of(text)])
    return found
