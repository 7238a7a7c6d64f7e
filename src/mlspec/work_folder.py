"""`.mlspec`, where a project has its runs, caches and environments unless its spec says otherwise: git ignores it.

In: a folder that has just been made. Out: a `.gitignore` in it, where it is one of these. Owns the folder's name; never makes it.
Standard library only. Change it when what lies there should be kept from another tool, too.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

WORK_FOLDER = ".mlspec"


def ignore_in_git(folder: Path) -> None:
    """Keep git from seeing what is in a work folder, whatever the project's own `.gitignore` says. Raises `OSError`."""
    if folder.name == WORK_FOLDER:
        with suppress(FileExistsError), (folder / ".gitignore").open("x", encoding="ascii") as file:
            file.write("*\n")
