"""What is in a folder of generated files.

In: the files that ought to be there and the folder. Out: the texts that are. Owns how links, folders and bytes are taken,
and which other files are looked at for orphans; never writes and never follows a link below the folder.
Change it when orphans are to be sought elsewhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mlspec.emission.seal import MARK, GeneratedFile
from mlspec.generated import checksums

_FIRST_LINE = 4096


def existing(files: Sequence[GeneratedFile], folder: Path, *, shared: bool = False) -> dict[str, str | None]:
    """Return what stands at the paths of `files`, every other file below `folder` that mlspec wrote, and the checksums of them.

    Keys are paths relative to `folder`, with forward slashes; a value is None where there is no UTF-8 text file of its
    own: a link, a folder, bytes, or a path that leads through a link. A `shared` folder is one that other specs write to as
    well, where nothing but the paths of `files` is looked at. Raises `ValueError` for a path that leaves the folder.
    """
    found: dict[str, str | None] = {}
    for file in files:
        inside(file.path)
        if _is_there(folder, file.path):
            found[file.path] = _text(folder, file.path)
    if not shared:
        for path in _others(folder):
            if path not in found:
                found[path] = _text(folder, path)
    if _is_there(folder, checksums.FILE):
        found[checksums.FILE] = _text(folder, checksums.FILE)
    return found


def inside(path: str) -> PurePosixPath:
    """Return `path` as one below a folder. Raises `ValueError` when it is absolute, empty or leads out of it."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or not parts.parts or ".." in parts.parts or "\0" in path or str(parts) != path:
        raise ValueError(f"a generated file cannot have the path {path!r}")
    return parts


def _is_there(folder: Path, path: str) -> bool:
    """Tell whether something is in the way of `path`: itself, or a parent that is no folder."""
    place = folder
    for part in PurePosixPath(path).parts:
        place = place / part
        try:
            mode = place.lstat().st_mode
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(mode):
            return True
    return True


def _text(folder: Path, path: str) -> str | None:
    place = folder
    for part in PurePosixPath(path).parts:
        place = place / part
        if place.is_symlink():
            return None
    if not place.is_file():
        return None
    try:
        return place.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def _others(folder: Path) -> list[str]:
    """Return the paths of all files below `folder` whose first line bears our mark, sorted."""
    paths = []
    for root, _, names in os.walk(folder, followlinks=False):
        for name in names:
            place = Path(root, name)
            if name == checksums.FILE or place.is_symlink() or not place.is_file():
                continue
            with place.open("rb") as stream:
                first = stream.readline(_FIRST_LINE)
                marked = MARK.encode() in (first + stream.readline(_FIRST_LINE) if first.startswith(b"<<<<<<<") else first)
            if marked:
                paths.append(place.relative_to(folder).as_posix())
    return sorted(paths)
