"""Files and folders as one thing: listed, moved, copied, removed and made to last.

In: paths on this machine. Out: relative names. Never knows a store or a step. Symbolic links count as what they point to.
Standard library only. Change it when files and folders need another act.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Entry = os.DirEntry[str]


def files_below(folder: Path, skip: Callable[[Entry], bool] = lambda _: False) -> list[str]:
    """The regular files below `folder`, relative to it with forward slashes, sorted.

    Links to folders are followed unless they lead back up. Files and folders for which `skip` holds are left out.
    """
    found: list[str] = []
    top = os.path.realpath(folder)
    pending: list[tuple[str, str, tuple[str, ...]]] = [(os.fspath(folder), "", (top,))]
    while pending:
        path, prefix, above = pending.pop()
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    if skip(entry):
                        continue
                    is_folder = entry.is_dir()
                except OSError:  # links in a circle lead to nothing
                    continue
                if is_folder:
                    real = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}/{entry.name}"
                    if real not in above:
                        pending.append((entry.path, f"{prefix}{entry.name}/", (*above, real)))
                elif entry.is_file():
                    found.append(f"{prefix}{entry.name}")
    return sorted(found)


def remove(path: Path) -> None:
    """Remove a file, a folder or a link, if it is there, also what is below folders that may not be written to."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    try:
        _remove_folder(path)
    except PermissionError:
        for folder, _, _ in os.walk(path):
            Path(folder).chmod(0o700)
        _remove_folder(path)


def _remove_folder(path: Path) -> None:
    if not any(path.iterdir()):
        path.rmdir()
    else:
        import shutil  # costs a step that has nothing to remove more than all the rest of its start

        shutil.rmtree(path)


def move(source: Path, target: Path) -> None:
    """Rename within a file system, in the place of what is there. After it all of it is on the disk, under the new name."""
    remove(target)
    make_folder(target.parent)
    sync(source)
    try:
        source.rename(target)
    except PermissionError:
        if not source.is_dir():
            raise
        mode = (
            source.stat().st_mode & 0o7777
        )  # that of a folder may not be changed by its owner, its place then cannot be either
        source.chmod(mode | 0o700)
        source.rename(target)
        target.chmod(mode)
    sync_entry(target.parent)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder; writing to one never changes the other. Links below a folder stay links."""
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def write(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file all at once; where it is `durable` it is on the disk before this returns.

    Its first name is nobody's to know, so that no link can wait there and two writers never share it.
    """
    make_folder(path.parent)
    partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                _fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if durable:
        sync_entry(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder with those above it, so that they last."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_entry(path.parent)


def sync(path: Path) -> None:
    """Wait until the disk has a file, or a folder with all that is below it."""
    if not path.is_dir():
        sync_entry(path)
        return
    found: list[Path] = []
    for folder, _, names in os.walk(path):
        found += [Path(folder, name) for name in names]
        found.append(Path(folder))
    if len(found) > _MANY:
        os.sync()
        return
    for one in found:
        if not one.is_symlink():  # its folder holds all of it
            sync_entry(one)


def sync_entry(path: Path) -> None:
    """Wait until the disk has the content of a file, or which names a folder holds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise


_MANY = 200
"""Files of which waiting for each takes longer than waiting for the whole disk."""
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EROFS, errno.EBADF})
"""What file systems answer that have nothing to wait for, or no way to."""
