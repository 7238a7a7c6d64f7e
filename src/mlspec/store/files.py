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

from mlspec.work_folder import ignore_in_git

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


def is_within(path: Path, most: int) -> bool:
    """Tell whether a file, or all files of a folder together, have no more than `most` bytes."""
    size = 0
    for file in (path / name for name in files_below(path)) if path.is_dir() else (path,):
        size += file.stat().st_size
        if size > most:
            return False
    return True


def remove(path: Path) -> None:
    """Remove a file, a folder or a link, if it is there, also what is below folders that may not be written to."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    try:
        _remove_folder(path)
    except PermissionError:
        _open_up(path)
        _remove_folder(path)


def _open_up(path: Path) -> None:
    """Let all folders be read and written to, each before it is looked into."""
    waiting = [path]
    for folder in waiting:  # which grows meanwhile
        folder.chmod(0o700)
        with os.scandir(folder) as entries:
            waiting += [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _remove_folder(path: Path) -> None:
    if not any(path.iterdir()):
        path.rmdir()
    else:
        import shutil  # costs a step that has nothing to remove more than all the rest of its start

        shutil.rmtree(path)


def move(source: Path, target: Path, *, durable: bool = True) -> None:
    """Rename within a file system, in the place of what is there. After it all that is `durable` is on the disk, under the new name."""
    remove(target)
    make_folder(target.parent)
    if durable:
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
    if durable:
        sync_entry(target.parent)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder; writing to one never changes the other. Links below a folder stay links."""
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


_FICLONE = 0x40049409
"""ioctl_ficlonerange(2): share the blocks of a file until one of the two is written to."""


def share(source: Path, target: Path) -> None:
    """Have a file or folder a second time without its bytes, as far as the file system lets us; else copy it.

    Blocks that are shared are copied on write (btrfs, xfs). Where there are only hard links, both names are one file: it becomes
    read-only, so that no step that writes into its input changes what another run has made.
    """
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=lambda old, new: _share_file(Path(old), Path(new)))
    else:
        _share_file(source, target)


def _share_file(source: Path, target: Path) -> None:
    import shutil

    if _clone(source, target):
        shutil.copystat(source, target)
        return
    try:
        target.hardlink_to(source)
        target.chmod(target.stat().st_mode & 0o7555)
    except OSError:  # another file system, one without hard links, or a file of somebody else's
        remove(target)
        shutil.copy2(source, target)


def _clone(source: Path, target: Path) -> bool:
    import fcntl

    with source.open("rb") as old, target.open("xb") as new:
        try:
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
        except OSError:
            target.unlink()
            return False
    return True


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


def create(path: Path, content: bytes) -> bool:
    """Write a file all at once unless there is one; returns whether it was written."""
    partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    write(partial, content)
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        return False
    finally:
        partial.unlink(missing_ok=True)
    return True


def make_folder(path: Path) -> None:
    """Make a folder with those above it, so that they last. `.mlspec` among them is ignored by git, whatever the project says."""
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(exist_ok=True)
    except FileExistsError:  # something else than a folder
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
    sync_entry(path.parent)
    ignore_in_git(path)


def sync(*paths: Path) -> None:
    """Wait until the disk has files, and folders with all that is below them."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                found += [Path(folder, name) for name in names]
                found.append(Path(folder))
        else:
            found.append(path)
    if len(found) > _MANY and _waits:
        os.sync()
        return
    for one in found:
        if one in paths or not one.is_symlink():  # its folder holds all of it
            sync_entry(one)


def leave_syncing() -> None:
    """From now on wait for the disk nowhere in this process: whoever started it does, before it counts on what is done here."""
    global _waits
    _waits = False


def sync_entry(path: Path) -> None:
    """Wait until the disk has the content of a file, or which names a folder holds."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync(descriptor: int) -> None:
    if not _waits:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise


_waits = True

_MANY = 200
"""Files of which waiting for each takes longer than waiting for the whole disk."""
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EROFS, errno.EBADF})
"""What file systems answer that have nothing to wait for, or no way to."""
