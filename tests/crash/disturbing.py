"""Runs under disturbances that end: a store that fails, a disk that is full, a clock that is set back.

In: a project of `lifecycle`, and what each start of the run meets. Out: the id of the run that has ended well in the end. Owns how
often a run is resumed; never judges what it left (see `killing.faults`). Change it when a run can be disturbed in another way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.crash import lifecycle
from tests.run_folders import run_folders


class Start(NamedTuple):
    """One `mlspec run`: what stands before the command, and in its environment."""

    before: Sequence[str] = ()
    environ: Mapping[str, str] = {}


def run_disturbed(folder: Path, starts: Iterable[Start], *words: str, longest: float = 0.0) -> str:
    """Run, and resume with each further start until one ends well; returns the run's id. What fails does so in plain words."""
    lifecycle.write(folder)
    resumed: tuple[str, ...] = ()
    for start in starts:
        command = [
            *start.before,
            sys.executable,
            "-m",
            "mlspec",
            "run",
            "-q",
            "-j",
            "4",
            "-p",
            f"longest={longest}",
            *words,
            *resumed,
        ]
        environ = {**os.environ, **start.environ, "MLSPEC_CRASH": str(folder)}
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        (folder / "stderr").open("a").write(done.stdout + done.stderr)
        ids = run_ids(folder)
        if done.returncode == 0:
            return ids[-1]
        assert done.returncode == 1, done.stdout + done.stderr
        resumed = ("--resume", ids[-1]) if ids else ()
    raise AssertionError(f"the run does not end: {(folder / 'stderr').read_text()}")


def run_ids(folder: Path) -> list[str]:
    """The runs that there are, in order."""
    return [path.name for path in run_folders(folder / ".mlspec/store/crash")]
