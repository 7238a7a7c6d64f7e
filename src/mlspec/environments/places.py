"""Where environments are on this machine: one folder for all projects of a user, and a project's own for what is the project's alone.

In: an `Environment` of the plan, a project. Out: paths. Owns the variables that say where, and which environments can be shared; makes and
removes nothing. Change it when an environment depends on something else of the place that it is in.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from pathlib import Path

from mlspec.environments.identity import identity
from mlspec.environments.lines import is_local
from mlspec.ir.declarations import Environment
from mlspec.work_folder import WORK_FOLDER

FOLDER = "environments"


def cache_folder() -> Path | None:
    """What all projects of this user share: `$MLSPEC_CACHE`, else `mlspec` in `$XDG_CACHE_HOME` or `~/.cache`; None without a home."""
    given = os.environ.get("MLSPEC_CACHE")
    if given:
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return Path(base if base.startswith("/") else Path("~/.cache").expanduser(), "mlspec")
    except RuntimeError:
        return None


def place(environment: Environment, project: Path) -> Path:
    """The name of what is made of an environment: equal for all that ask for the same, of the same Python, on the same kind of machine."""
    python = environment.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    kind = [identity(environment), python, sys.implementation.name, sys.platform, platform.machine(), platform.libc_ver()[0]]
    own = any(is_local(line) for line in environment.locked or environment.requirements)
    digest = hashlib.sha256("\0".join(map(str, kind)).encode()).hexdigest()[:16]
    shared = None if own else cache_folder()
    return (shared or project / WORK_FOLDER) / FOLDER / digest
