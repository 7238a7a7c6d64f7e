"""The secrets of a step, as its process finds them and its body sees them.

In: the wiring of an invocation, and the environment. Out: variables with the paths of private files, or `StepError` for a secret that is
not there. Owns how a secret's content becomes a file, which is gone with the step; never prints one. Standard library only.
Change it when a secret can be of another kind.
"""

from __future__ import annotations

import os
from pathlib import Path

from mlspec.errors import StepError
from mlspec.exec.artifacts import Scratch
from mlspec.invocation.model import Wiring


def secret_files(wiring: Wiring, scratch: Scratch) -> dict[str, str]:
    """Hold the step to its secrets; returns the variables that hold the path of a file, but for those that the caller has set so."""
    for variable in (*wiring.secrets, *wiring.secret_contents):
        if not os.environ.get(variable):  # an orchestrator that lacks a secret sets its variable to nothing
            raise StepError(f"the secret variable {variable} is not set")
    found = {}
    for variable, path in wiring.secret_files:
        place = path or os.environ.get(variable)
        if not place:
            raise StepError(f"the secret variable {variable} is not set")
        if not Path(place).is_file():
            raise StepError(f"the secret variable {variable} is not the path of a file")
        if path is not None:
            found[variable] = path
    for variable in wiring.secret_contents:
        found[variable] = str(_written(scratch, variable, os.environb[os.fsencode(variable)]))
    return found


def _written(scratch: Scratch, variable: str, content: bytes) -> Path:
    """A file that its owner alone can read: the folder is, too."""
    path = scratch.folder("secrets") / variable
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    return path
