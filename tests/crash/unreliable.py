"""A file system for fsspec that fails now and then, and takes its time: `unreliable:///a/folder`.

In: calls of fsspec. Out: what a folder of this machine answers, late, or an `OSError`. Owns how often (`MLSPEC_UNRELIABLE`, percent of
all calls); never half-writes a file, as object stores do not. `install` makes it a package of its own, which the processes of a run
find as they find any other kind of store. Change it when stores fail in another way.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

LAG = 0.05
"""Seconds that a call may take longer."""


def install(folder: Path) -> None:
    """Make an installed package of this module in a folder; whoever has that in `PYTHONPATH` has the file system."""
    (folder / "unreliable-1.dist-info").mkdir(parents=True)
    (folder / "unreliable.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "unreliable-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: unreliable\nVersion: 1\n")
    (folder / "unreliable-1.dist-info/entry_points.txt").write_text("[fsspec.specs]\nunreliable = unreliable:Unreliable\n")


class Unreliable(LocalFileSystem):
    """The folders of this machine, by a bad connection."""

    protocol = "unreliable"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return LocalFileSystem._strip_protocol(str(path).removeprefix("unreliable://"))

    def _try(self) -> None:
        time.sleep(random.uniform(0, LAG))
        if random.uniform(0, 100) < float(os.environ.get("MLSPEC_UNRELIABLE", "0")):
            raise OSError("the connection was reset")

    def cat_file(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().cat_file(*words, **named)

    def pipe_file(self, path: str, value: bytes, **named: Any) -> Any:
        self._try()
        whole = f"{path}.{os.urandom(4).hex()}.part"
        super().pipe_file(whole, value, **named)
        Path(self._strip_protocol(whole)).replace(self._strip_protocol(path))
        self._try()

    def put_file(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().put_file(*words, **named)

    def get_file(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().get_file(*words, **named)

    def ls(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().ls(*words, **named)

    def info(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().info(*words, **named)

    def rm(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().rm(*words, **named)

    def makedirs(self, *words: Any, **named: Any) -> Any:
        self._try()
        return super().makedirs(*words, **named)
