"""Digests of files and folders.

In: paths on this machine. Out: `sha256:…`. Owns what a digest covers; never knows a store or a step. Symbolic links count as what
they point to. Standard library only. Change it together with docs/step-process.md: digests are compared between runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlspec.store.files import files_below


def digest(path: Path) -> str:
    """`sha256:…` of a file's bytes; of a folder, what `digest_of` makes of its files.

    Empty folders, modes and times do not count.
    """
    if path.is_dir():
        return digest_of(digests_of({name: path / name for name in files_below(path)}))
    return f"sha256:{_hex(path)}"


def digests_of(files: Mapping[str, Path]) -> dict[str, str]:
    """The hex digest of each file, by its name."""
    return {name: _hex(path) for name, path in files.items()}


def digest_of(found: Mapping[str, str]) -> str:
    """`sha256:…` of the sorted lines `<hex digest>  <name>`, each with a line end: what `sha256sum * | sort | sha256sum` prints."""
    import hashlib

    lines = sorted(os.fsencode(f"{digest}  {name}\n") for name, digest in found.items())
    return f"sha256:{hashlib.sha256(b''.join(lines)).hexdigest()}"


def _hex(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
