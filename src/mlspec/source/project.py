"""A project's files, by the paths that a spec names them with.

In: paths relative to the spec's folder. Out: what is there, and what it says. Owns two promises: what may not be looked at is not
there, and one object is one look: what it has read once it says again, so make another to look again. Never writes, and judges
nothing. Change it when files are to be asked for something new; where else they can be kept is a subclass (see `git_project`).
"""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from pathlib import Path
from typing import Any, Self, TypeVar

Made = TypeVar("Made")

MAX_BYTES = 64_000_000
"""Of a file that is read whole; who asks may want less."""


class ProjectError(Exception):
    """A project that cannot be opened, or is nowhere on disk where that is needed; says it in one sentence."""


class TooLargeError(OSError):
    """A file beyond what is read of one; `size` is its bytes, or those that were read before giving up."""

    def __init__(self, size: int, limit: int, path: str) -> None:
        super().__init__(errno.EFBIG, f"it has {size:,} bytes; at most {limit:,} are read", path)
        self.size = size


class Project(ABC):
    """The files of a project. A path is relative to `prefix`; one that leads elsewhere is followed as far as there are files."""

    folder: Path | None
    """Where the project is on disk, as it was named; None where it is not."""
    prefix: str
    """The folder that paths are relative to, in the words of whoever keeps the files."""
    _kept: dict[Hashable, Any]

    @abstractmethod
    def is_file(self, path: str) -> bool:
        """Whether a regular file is there: reading a device or a pipe may never end."""

    @abstractmethod
    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether anything is there."""

    @abstractmethod
    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted; none where it cannot be read."""

    @abstractmethod
    def name(self, path: str) -> str:
        """What findings call the file."""

    @abstractmethod
    def identity(self, path: str) -> str:
        """A name that is equal for all paths to one file."""

    @abstractmethod
    def leads_out(self, path: str, allowed: Iterable[str | Path] = ()) -> bool:
        """Whether a path ends outside the project and outside every folder in `allowed`, links followed. Opens nothing."""

    @abstractmethod
    def below(self, folder: str) -> Self:
        """The same look at the same files, by paths relative to `folder`."""

    @abstractmethod
    def _read(self, path: str, limit: int) -> bytes:
        """Read the file, as `read` does."""

    def read(self, path: str, limit: int = MAX_BYTES) -> bytes:
        """The content of a file; raises `OSError` where it cannot be read, `TooLargeError` among them."""
        data = self.keep(("content", path), lambda: self._read(path, limit))
        if len(data) > limit:
            raise TooLargeError(len(data), limit, path)
        return data

    def keep(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` returns, made once for as long as this look lasts. Threads may make it twice; all get the same."""
        key = self.prefix, key
        if key not in self._kept:
            self._kept.setdefault(key, make())
        kept: Made = self._kept[key]
        return kept


class FolderProject(Project):
    """A folder on disk. It stays the same folder wherever the process goes; paths may lead out of it."""

    folder: Path

    def __init__(self, folder: str | Path = ".") -> None:
        self.folder = Path(folder)
        self.prefix = str(self.folder)
        self._root = _pinned(self.folder)
        self._kept = {}

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there, or a link to one."""
        return self.keep(("is_file", path), lambda: _holds((self._root / path).is_file))

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there, or a link to one."""
        return self.keep(("is_folder", path), lambda: _holds((self._root / path).is_dir))

    def exists(self, path: str) -> bool:
        """Whether anything is there that a link may lead to."""
        return _holds((self._root / path).exists)

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted."""
        try:
            return sorted(entry.name for entry in (self._root / path).iterdir())
        except (OSError, ValueError):
            return []

    def name(self, path: str) -> str:
        """Name a file the way the folder was named: relative stays relative."""
        target = self.folder / path
        parts: list[str] = []
        for part in target.parts:
            if part == ".." and parts and parts[-1] not in ("..", "/"):
                parts.pop()
            else:
                parts.append(part)
        return str(Path(*parts)) if parts else str(target)

    def identity(self, path: str) -> str:
        """The absolute path, without links."""
        target = self._root / path
        try:
            return str(target.resolve())
        except (OSError, RuntimeError, ValueError):  # a name too long, or links in a circle
            return str(target.absolute())

    def leads_out(self, path: str, allowed: Iterable[str | Path] = ()) -> bool:
        """Whether a path ends outside the git work tree, or the folder where there is none; `.git`, which may hold tokens, is outside."""
        place = Path(self.identity(path))
        if any(place.is_relative_to(Path(root).resolve()) for root in allowed):
            return False
        top = self._work_tree()
        within = Path(self.identity(".")) if top is None else top
        return not place.is_relative_to(within) or ".git" in place.relative_to(within).parts

    def _work_tree(self) -> Path | None:
        """The nearest folder with a `.git`, which is a file in a submodule and in a second work tree."""
        here = Path(self.identity("."))
        return self.keep(
            "work tree", lambda: next((top for top in (here, *here.parents) if _holds((top / ".git").exists)), None)
        )

    def below(self, folder: str) -> Self:
        """The same look from another folder."""
        other = copy(self)
        other.folder = self.folder / folder
        other.prefix = str(other.folder)
        other._root = self._root / folder
        return other

    def _read(self, path: str, limit: int) -> bytes:
        try:
            with (self._root / path).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                # What tells no size, a pipe or a device, may never end.
                data = b"" if size > limit else file.read() if size else file.read(limit + 1)
        except ValueError:  # NUL in the path
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
        if max(size, len(data)) > limit:
            raise TooLargeError(max(size, len(data)), limit, path)
        return data


def _holds(question: Callable[[], bool]) -> bool:
    """The answer; no for a name that is too long, holds NUL or may not be looked at."""
    try:
        return question()
    except (OSError, ValueError):
        return False


def _pinned(folder: Path) -> Path:
    """The same folder by an absolute path; the path as it is where that leads nowhere, as below a folder that is closed to us."""
    try:
        absolute = folder.absolute()
    except OSError:  # the working folder has been removed
        return folder
    return absolute if _holds(absolute.is_dir) else folder
