"""Files and folders as one thing: listed, moved, copied and removed.

In: paths on this machine. Out: relative names. Never knows a store or a step. Symbolic links count as what they point to.
Standard library only. Change it when files and folders need another act.
"""

from __future__ import annotations

import os
from collections.abc import Callable
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
    """Remove a file, a folder or a link, if it is there."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
    elif not any(path.iterdir()):
        path.rmdir()
    else:
        import shutil  # costs a step that has nothing to remove more than all the rest of its start

        shutil.rmtree(path)


def move(source: Path, target: Path) -> None:
    """Rename within a file system, in the place of what is there."""
    remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():  # its target may go away with the staging folder, or be relative to it
        copy(source.resolve(), target)
        source.unlink()
    else:
        source.rename(target)


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder; writing to one never changes the other."""
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore_dangling_symlinks=True)
    else:
        shutil.copy2(source, target)
