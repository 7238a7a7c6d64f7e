"""A project as one revision of a git repository has it.

In: a folder, a revision, paths. Out: what the revision's tree holds there, whatever has become of the work tree, if there is one.
Owns how a path is followed in a tree: a link within it, never out of it; a submodule is an empty folder, as in a plain checkout.
Never looks at a work tree. Change it when paths are to be followed further. A project is one revision: what a branch gets later is
another.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterable
from copy import copy
from pathlib import Path
from typing import NamedTuple, Self

from mlspec.source.git_objects import GitObjects
from mlspec.source.project import MAX_BYTES, FolderProject, Project, ProjectError, TooLargeError

_FOLDER, _FILE, _LINK, _SUBMODULE = 0o040000, 0o100000, 0o120000, 0o160000
_KIND = 0o170000
_MAX_LINKS = 40
"""Links on the way of one path, as on Linux."""
_MAX_LINK = 4096
"""Bytes of what a link says."""


class _Entry(NamedTuple):
    name: bytes
    kind: int
    id: str


class GitProject(Project):
    """A folder of a revision. Findings call its files `REVISION:path`, as `git show` takes it."""

    folder = None

    def __init__(self, objects: GitObjects, revision: str, tree: str, prefix: str) -> None:
        self.revision = revision
        self.prefix = prefix
        self._objects = objects
        self._root = _Entry(b"", _FOLDER, tree)
        self._kept = {}
        self._trees: dict[str, dict[bytes, _Entry]] = {}

    @classmethod
    def open(cls, folder: str | Path, revision: str) -> GitProject:
        """What `folder` is, or was, in `revision`; the folder itself may be gone. A bare repository stands for its top folder.

        Raises `ProjectError` where there is no repository, or no such revision in it.
        """
        disk, here, gone = FolderProject(), Path(folder), []
        while not disk.is_folder(str(here)) and here != here.parent:
            gone.append(here.name)
            here = here.parent
        objects = GitObjects(here)
        prefix = posixpath.join(objects.prefix(), *reversed(gone))
        try:
            tree = objects.find(f"{revision}^{{tree}}") if revision.isprintable() else None
        except OSError as error:
            raise ProjectError(f"the revision {revision!r} cannot be read in {here}: {error.strerror}") from None
        if tree is None or tree.kind != "tree":
            raise ProjectError(f"there is no revision {revision!r} in the repository of {here}")
        return cls(objects, revision, tree.id, prefix)

    def is_file(self, path: str) -> bool:
        """Whether a file is there, or a link that leads to one within the tree."""
        return self._kind(path) == _FILE

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there, or a submodule."""
        return self._kind(path) in (_FOLDER, _SUBMODULE)

    def exists(self, path: str) -> bool:
        """Whether anything is there."""
        return self._kind(path) is not None

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted."""
        try:
            return sorted(os.fsdecode(name) for name in self._listing(self._follow(path)[-1]))
        except OSError:
            return []

    def name(self, path: str) -> str:
        """`REVISION:path`, from the top of the repository."""
        return f"{self.revision}:{posixpath.normpath(posixpath.join(self.prefix, path))}"

    def identity(self, path: str) -> str:
        """The path from the top of the tree, without links."""
        try:
            return os.fsdecode(b"/".join(entry.name for entry in self._follow(path)))
        except OSError:
            return self.name(path)

    def leads_out(self, path: str, allowed: Iterable[str | Path] = ()) -> bool:
        """Never: what leads out of the tree is not there."""
        return False

    def below(self, folder: str) -> Self:
        """The same look from another folder."""
        other = copy(self)
        other.prefix = posixpath.join(self.prefix, folder)
        return other

    def _read(self, path: str, limit: int) -> bytes:
        entry = self._follow(path)[-1]
        if entry.kind != _FILE:
            raise _error(errno.EISDIR, path)
        return self._content(entry, limit)

    def _kind(self, path: str) -> int | None:
        try:
            return self._follow(path)[-1].kind
        except OSError:
            return None

    def _follow(self, path: str) -> list[_Entry]:
        """The entries on the way to `path`, links resolved, from the top of the tree; raises `OSError` as opening a file does."""
        way = [self._root]
        whole = posixpath.join(self.prefix, path)
        try:
            to_go = _parts(os.fsencode(whole))
        except UnicodeEncodeError:
            raise _error(errno.ENOENT, path) from None
        if whole.startswith("/"):
            raise _error(errno.ENOENT, path)
        links = 0
        while to_go:
            part = to_go.pop()
            if way[-1].kind == _FILE:
                raise _error(errno.ENOTDIR, path)
            if part == b"..":
                way.pop()
                if not way:
                    raise _error(errno.ENOENT, path)
                continue
            entry = self._listing(way[-1]).get(part)
            if entry is None:
                raise _error(errno.ENOENT, path)
            if entry.kind != _LINK:
                way.append(entry)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise _error(errno.ELOOP, path)
            to_go += self._link(entry, path)
        return way

    def _link(self, entry: _Entry, path: str) -> Iterable[bytes]:
        """The parts of what a link says; one that is absolute leads out of the tree, to nothing that is in it."""
        try:
            target = self.keep(("link", entry.id), lambda: self._content(entry, _MAX_LINK))
        except TooLargeError:
            raise _error(errno.ENAMETOOLONG, path) from None
        if target.startswith(b"/"):
            raise _error(errno.ENOENT, path)
        return _parts(target)

    def _listing(self, folder: _Entry) -> dict[bytes, _Entry]:
        if folder.kind != _FOLDER:
            return {}
        if folder.id not in self._trees:
            try:
                self._trees[folder.id] = _tree(self._content(folder), len(folder.id) // 2)
            except ValueError:
                raise OSError(errno.EIO, "git cannot read its object", folder.id) from None
        return self._trees[folder.id]

    def _content(self, entry: _Entry, limit: int = MAX_BYTES) -> bytes:
        found = self._objects.find(entry.id, limit)
        if found is None:  # as in a clone that lacks it
            raise OSError(errno.EIO, "the repository lacks its object", entry.id)
        return found.content


def _parts(path: bytes) -> list[bytes]:
    """The names on a way, the first one last."""
    return [part for part in reversed(path.split(b"/")) if part not in (b"", b".")]


def _tree(content: bytes, digest: int) -> dict[bytes, _Entry]:
    """Read a tree object: for each entry its mode in octal, a blank, its name, NUL and `digest` bytes of its id."""
    entries: dict[bytes, _Entry] = {}
    at = 0
    while at < len(content):
        blank = content.index(b" ", at)
        end = content.index(b"\0", blank)
        name = content[blank + 1 : end]
        entries[name] = _Entry(name, int(content[at:blank], 8) & _KIND, content[end + 1 : end + 1 + digest].hex())
        at = end + 1 + digest
    return entries


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
