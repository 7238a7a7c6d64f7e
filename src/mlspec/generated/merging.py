"""Two changes of one generated file, laid over each other.

In: the file as it was, ours, theirs. Out: the merged text. Owns that the ends of lines which a checkout gives are no change; never reads
a spec: what it says now, `mlspec compile` writes. Change it when generated files are to be merged otherwise than by lines.
"""

from __future__ import annotations

from mlspec.emission.seal import with_own_ends
from mlspec.source.git_merge import merge


def merged(base: str, ours: str, theirs: str) -> tuple[str, bool]:
    """Return the merged text, and whether both have changed the same lines, which then stand in it with git's marks."""
    return merge(*map(with_own_ends, (ours, base, theirs)))
