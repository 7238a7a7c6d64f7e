"""Disks that are soon full.

In: a folder. Out: a small file system in its place, for as long as a test needs it. Owns how one is mounted; a test that needs one is
skipped where that is not allowed. Change it when disks can fail in another way.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, options: str = "size=1m") -> Iterator[Path]:
    """Mount a file system of `options` on a folder, which is made."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def free_bytes(disk: Path) -> int:
    """What still fits on a disk."""
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize
