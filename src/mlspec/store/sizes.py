"""What runs take in a store, and what removing some of them would free.

In: an open store and folders of runs. Out: bytes. Owns that a file with several names counts once: runs share what they took from the
cache. Blocks that two files share cannot be told apart here. Never removes anything. Change it when a kind of store shares in another way.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from mlspec.store.filesystem import LocalStore, Store, store_errors

_File: TypeAlias = tuple[object, int]
"""What tells a file from others, and its bytes."""


class Sizes:
    """The files of runs, by run. `total` is what all of them take."""

    def __init__(self, store: Store, folders: dict[str, str]) -> None:
        """`folders` are those of the runs, by run id. Raises `StoreError`."""
        with store_errors():
            self._files = {run_id: frozenset(_files(store, folder)) for run_id, folder in folders.items()}
        self._names = Counter(file for files in self._files.values() for file in files)
        self.total = sum(size for _, size in self._names)

    def of(self, run_id: str) -> int:
        """What a run has, whoever shares it."""
        return sum(size for _, size in self._files[run_id])

    def freed(self, run_ids: Iterable[str]) -> int:
        """What goes with these runs: files that no other one has."""
        gone = Counter(file for run_id in run_ids for file in self._files[run_id])
        return sum(file[1] for file, count in gone.items() if count == self._names[file])


def _files(store: Store, folder: str) -> Iterator[_File]:
    if not isinstance(store, LocalStore):
        yield folder, store.size(folder)
        return
    for path, _, names in os.walk(store.path(folder)):
        for name in names:
            try:
                found = Path(path, name).lstat()
            except FileNotFoundError:  # it has just gone
                continue
            yield (found.st_dev, found.st_ino), found.st_size
