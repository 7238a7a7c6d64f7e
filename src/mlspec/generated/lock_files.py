"""Writes the files of a lock.

In: a folder, texts by name. Out: which of them are new. Owns their order: the lock, which names the digests of the others, comes last, so
that one that was cut short is found stale. Never writes what is there already. Change it when a lock has other files.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from mlspec.store.files import write

Change = Literal["created", "updated", "unchanged", "removed"]


def write_lock(folder: Path, files: Mapping[str, str], gone: Iterable[str] = ()) -> dict[str, Change]:
    """Write `files` in their order, and remove those that are `gone`; raises `OSError`."""
    changes: dict[str, Change] = {}
    for name in files:
        if not (folder / name).parent.resolve().is_relative_to(folder.resolve()):
            raise OSError(errno.EXDEV, "it leads out of the folder of the spec", str((folder / name).parent))
    for name, text in files.items():
        path, content = folder / name, text.encode("utf-8")
        try:
            before = path.read_bytes()
        except FileNotFoundError:
            changes[name] = "created"
        else:
            changes[name] = "unchanged" if before.replace(b"\r\n", b"\n") == content else "updated"
        if changes[name] != "unchanged":
            write(path, content)
    for name in gone:
        if name not in files and (folder / name).is_file():
            (folder / name).unlink()
            changes[name] = "removed"
    return changes
