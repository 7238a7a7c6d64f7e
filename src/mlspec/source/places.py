"""What there is in the file system, whatever a spec says.

In: paths made of a spec's words. Out: whether there is a file or a folder, and what is in it.
Owns one promise: a name that is too long, holds NUL or may not be looked at is one that is not there. Never opens a file.
Change it when a question about files can fail in another way.
"""

from __future__ import annotations

from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether a regular file is there: reading a device or a pipe may never end."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def exists(path: Path) -> bool:
    """Whether anything is there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def entries(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except (OSError, ValueError):
        return []
