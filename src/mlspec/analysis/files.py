"""The files that an analysis may look at.

In: paths relative to a project, with forward slashes. Out: what is there. Owns the four questions that analyses ask, and their answer on
this machine; never follows a path out of the project. Change it when an analysis must ask something else.
"""

from __future__ import annotations

import errno
import posixpath
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

MAX_BYTES = 4_000_000
"""Of a file of source text that is read."""


class Files(Protocol):
    """A project on disk or in git."""

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there."""

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted."""

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file; raises `OSError`."""


class WorkingFolder:
    """The files below the folder that this process is in."""

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there."""
        return Path(path).is_file()

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        return Path(path or ".").is_dir()

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted."""
        try:
            return sorted(entry.name for entry in Path(path or ".").iterdir())
        except OSError:
            return []

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file; raises `OSError`."""
        with Path(path).open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise OSError(errno.EFBIG, "the file is too large")
        return content


def found(files: Files, text: str) -> list[str]:
    """The files and folders of the project that `text` names, with `*` and `?` for names in its last part, relative to it."""
    if not text or len(text) > _LONGEST or "\0" in text or text.startswith(("/", "~")) or "://" in text:
        return []
    path = posixpath.normpath(text)
    if path == "." or path.split("/")[0] in ("..", ".mlspec", ".git"):
        return []
    try:
        if files.is_file(path) or files.is_folder(path):
            return [path]
        folder, name = posixpath.split(path)
        if any(sign in name for sign in "*?[") and not any(sign in folder for sign in "*?["):
            matches = [posixpath.join(folder, entry) for entry in files.entries(folder) if _matches(entry, name)]
            return [match for match in matches if files.is_file(match)]
    except (OSError, ValueError):  # no name of a file at all
        pass
    return []


def _matches(entry: str, pattern: str) -> bool:
    return fnmatchcase(entry, pattern) and (pattern.startswith(".") or not entry.startswith("."))


_LONGEST = 1000
