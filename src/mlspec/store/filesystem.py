"""Stores: a folder, or anything that fsspec reaches.

In: a path or a URI. Out: files and folders read, written, listed and removed, by paths relative to the store's root.
Owns how data gets to a place and back, and that whatever goes wrong on the way is a `StoreError`; never knows what the files
mean (see `layout` and `records`). Standard library only, with fsspec once a URI is remote. Change it when a kind of store
needs care of its own.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlspec.errors import DamagedError, StoreError, sentence
from mlspec.store import staging
from mlspec.store.files import create, files_below, move, remove, write
from mlspec.store.schemes import WITHOUT_FOLDERS, scheme_of

PART = 8 * 2**20
"""Bytes of a part of a large file, as it is sent and fetched."""
_PARTS, _FILES = 2, 4
"""How many parts of a file, and how many files, are on their way at once."""
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")


def is_remote(uri: str) -> bool:
    """Tell whether only fsspec can reach `uri`; `file:` and plain paths are local."""
    return ":" in uri and _REMOTE.match(uri) is not None and not uri.startswith("file:")


def is_shared_folder(uri: str) -> bool:
    """Tell whether `uri` is a folder that all machines are said to have alike: a path is each machine's own, a `file:` URI is not."""
    return uri.startswith("file:")


def local_path(uri: str) -> Path:
    """The absolute path that a local URI means. Like fsspec, it takes `%` in `file:` URIs as it is."""
    path = uri.removeprefix("file:").removeprefix("//localhost") if uri.startswith("file:") else uri
    return Path.cwd() / re.sub("^/{2,}", "/", path)


def leads_out(store: str, path: Path) -> bool:
    """Whether what is at a path is not in a store on this machine: links are followed."""
    return not path.resolve().is_relative_to(local_path(store).resolve())


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what the operating system says of a store's files into a `StoreError`."""
    try:
        yield
    except BrokenPipeError:  # that is no file's: whoever read our output has gone
        raise
    except OSError as error:
        raise StoreError(sentence(error)) from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, and a pipe that nobody writes to likewise."""
    return os.open(path, flags | os.O_NONBLOCK)


class LocalStore:
    """A folder. Files appear in it by renaming, never half-written."""

    def __init__(self, uri: str) -> None:
        self.base = uri.rstrip("/") or "/"
        self.root = local_path(uri)

    def uri(self, relative: str) -> str:
        """What records say where `relative` is: relative to the project when the store is."""
        return f"{self.base.rstrip('/')}/{relative}"

    def path(self, relative: str) -> Path:
        """Where `relative` is on this machine."""
        return self.root / relative

    def read(self, relative: str) -> bytes | None:
        """The content of a file; None when there is none. Raises `DamagedError` for what is no file: a folder, a pipe, a device."""
        with store_errors():
            try:
                with open(self.path(relative), "rb", buffering=0, opener=_without_waiting) as file:
                    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        return file.readall()
            except (FileNotFoundError, NotADirectoryError):
                return None
            except IsADirectoryError:
                pass
        raise DamagedError(f"{self.uri(relative)} is damaged: it is no file")

    def write(self, relative: str, content: bytes, *, durable: bool = True) -> None:
        """Write a file all at once; where it is `durable` it outlasts a loss of power from then on."""
        with store_errors():
            write(self.path(relative), content, durable=durable)

    def create(self, relative: str, content: bytes) -> bool:
        """Write a file unless there is one; of all who try, one is told that it did."""
        with store_errors():
            return create(self.path(relative), content)

    def put(self, source: Path, relative: str, *, durable: bool = True) -> None:
        """Move a local file or folder into the store; it must be on the store's file system to appear all at once."""
        with store_errors():
            move(source, self.path(relative), durable=durable)

    def names(self, relative: str) -> list[str]:
        """The names in a folder, sorted; none when there is no such folder."""
        with store_errors():
            try:
                return sorted(os.listdir(self.path(relative)))  # noqa: PTH208
            except (FileNotFoundError, NotADirectoryError):
                return []

    def remove(self, relative: str) -> None:
        """Remove a file or folder, if there is one."""
        with store_errors():
            remove(self.path(relative))

    def clear(self, relative: str) -> None:
        """Remove what is in a folder, but where attempts that still run make their outputs."""
        folder = self.path(relative)
        with store_errors():
            for name in self.names(relative):
                if not staging.in_use(folder / name):
                    remove(folder / name)


class RemoteStore:
    """A place that fsspec reaches. Objects are written whole; a folder is written file by file."""

    def __init__(self, uri: str) -> None:
        self.base = uri.rstrip("/")
        self._fs, self._root = _filesystem(uri)

    def uri(self, relative: str) -> str:
        """What records say where `relative` is."""
        return f"{self.base}/{relative}"

    def read(self, relative: str) -> bytes | None:
        """The content of a file; None when there is none."""
        with _reach(self.uri(relative)):
            try:
                return bytes(self._fs.cat_file(self._at(relative)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, relative: str, content: bytes, *, durable: bool = True) -> None:
        """Write a file all at once; a place that fsspec reaches answers for `durable` itself."""
        with _reach(self.uri(relative)):
            self._make(self._at(relative).rpartition("/")[0])
            self._fs.pipe_file(self._at(relative), content)

    def create(self, relative: str, content: bytes) -> bool:
        """Write a file unless there is one. Of all who try, one is told that it did: where the place can tell, as S3 can."""
        with _reach(self.uri(relative)):
            self._make(self._at(relative).rpartition("/")[0])
            try:
                self._fs.pipe_file(self._at(relative), content, mode="create")
            except FileExistsError:
                return False
            return True

    def put(self, source: Path, relative: str, *, durable: bool = True) -> None:
        """Upload a local file or folder. An empty folder is a failure: most remote stores cannot hold one."""
        with _reach(self.uri(relative)):
            if not source.is_dir():
                targets = {str(source): self._at(relative)}
            elif files := files_below(source):
                targets = {str(source / name): f"{self._at(relative)}/{name}" for name in files}
            else:
                raise StoreError(f"{self.uri(relative)} would be an empty folder, which a remote store cannot hold")
            for parent in {target.rpartition("/")[0] for target in targets.values()}:
                self._make(parent)
            self._fs.put(list(targets), list(targets.values()), **_bounded(self._fs, "_put_file"))

    def names(self, relative: str) -> list[str]:
        """The names in a folder, sorted; none when there is no such folder."""
        with _reach(self.uri(relative)):
            try:
                self._fs.invalidate_cache()
                found = self._fs.ls(self._at(relative), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
            return sorted(str(path).rstrip("/").rsplit("/", 1)[-1] for path in found)

    def remove(self, relative: str) -> None:
        """Remove a file or folder, if there is one."""
        with _reach(self.uri(relative)):
            self._fs.invalidate_cache()
            if self._fs.exists(self._at(relative)):
                self._fs.rm(self._at(relative), recursive=True)

    def size(self, relative: str) -> int:
        """The bytes of all that is below a folder."""
        with _reach(self.uri(relative)):
            return int(self._fs.du(self._at(relative)))

    def clear(self, relative: str) -> None:
        """Remove what is in a folder."""
        self.remove(relative)

    def _at(self, relative: str) -> str:
        return f"{self._root}/{relative}"

    def _make(self, folder: str) -> None:
        if scheme_of(self.base) in WITHOUT_FOLDERS:
            return  # whoever asks for one there lists the bucket, or makes it
        with suppress(PermissionError):
            self._fs.makedirs(folder, exist_ok=True)


Store = LocalStore | RemoteStore


def open_store(uri: str) -> Store:
    """Open a store; raises `StoreError` when its file system is not installed or cannot be reached."""
    return RemoteStore(uri) if is_remote(uri) else LocalStore(uri)


def fetch(uri: str, into: Path) -> Path:
    """Download a remote file or folder to below the folder `into`, under its own name; returns its path."""
    filesystem, root = _filesystem(uri)
    target = into / (root.rstrip("/").rsplit("/", 1)[-1] or "data")
    with _reach(uri):
        found = _remote_files(filesystem, root)
        paths = [target / name if name else target for name in found.values()]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        filesystem.get(list(found), [str(path) for path in paths], **_bounded(filesystem, "_get_file"))
    return target


@contextmanager
def reached(uri: str) -> Iterator[tuple[Any, str]]:
    """The file system of a remote `uri`, and the path of it there; what goes wrong with them is a `StoreError`."""
    filesystem, root = _filesystem(uri)
    with _reach(uri):
        yield filesystem, root


def _remote_files(filesystem: Any, root: str) -> dict[str, str]:
    """Full path to path relative to `root` (empty when `root` is a file); raises `StoreError` when there is nothing."""
    filesystem.invalidate_cache()
    if filesystem.isfile(root):
        return {root: ""}
    found = {str(path): str(path)[len(root) :].strip("/") for path in filesystem.find(root)}
    if not found:
        raise FileNotFoundError(root)
    if any(".." in name.split("/") for name in found.values()):
        raise StoreError(f"{root} holds a path with `..`")
    return found


def _bounded(filesystem: Any, transfer: str) -> dict[str, int]:
    """What keeps the memory of a transfer small, as far as a file system can be told: parts of a file, and files at once."""
    if not getattr(filesystem, "async_impl", False):
        return {}
    import inspect

    known = inspect.signature(getattr(filesystem, transfer)).parameters
    wanted = {"chunksize": PART, "max_concurrency": _PARTS}
    return {"batch_size": _FILES, **{name: value for name, value in wanted.items() if name in known}}


def _filesystem(uri: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise StoreError(f"{uri} needs fsspec here: install mlspec[remote]") from None
    with _reach(uri):
        filesystem, root = url_to_fs(uri)
    return filesystem, str(root).rstrip("/")


@contextmanager
def _reach(uri: str) -> Iterator[None]:
    """Turn what fsspec's many back ends raise into one sentence that names the URI."""
    try:
        yield
    except StoreError:
        raise
    except FileNotFoundError:
        raise StoreError(f"there is no {uri}") from None
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise StoreError(f"{uri}: {reason[0] if reason else type(error).__name__}") from error
