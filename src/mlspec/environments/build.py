"""Which interpreter runs the steps of an environment.

In: an `Environment` of the plan. Out: the path of a Python, this one or that of a virtual environment made for it.
Owns `.mlspec/envs/` in the project; never changes an environment once it is there.
Change it when an environment gains something that must be installed.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from mlspec.environments.identity import identity
from mlspec.environments.installed import satisfied
from mlspec.ir.model import Environment


class EnvironmentBuildError(Exception):
    """An environment could not be made; the text has the installer's own last words."""


def interpreter(environment: Environment, project: Path, building: Callable[[str], None]) -> Path:
    """Return the Python for an environment, building it once when this one does not do.

    `building` is called with the environment's name before a build. Raises `EnvironmentBuildError`.
    """
    made_of = identity(environment)
    if made_of is None or satisfied(environment):
        return Path(sys.executable)
    folder = project / ".mlspec" / "envs" / f"{environment.name}-{made_of}"
    if not folder.exists():
        building(environment.name)
        _build(environment, project, folder)
    return folder / "bin" / "python"


def _build(environment: Environment, project: Path, folder: Path) -> None:
    """Make the environment in a folder of its own; its proper name is a link that appears when all is installed.

    A link, not a rename: scripts in a virtual environment hold its absolute path. Of two builders at once the second
    drops its own.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f"{folder.name}.{secrets.token_hex(8)}")
    made.mkdir()  # as the umask has it: `tempfile` would close it to the people it is shared with
    try:
        for command in _commands(environment, made):
            _checked(command, environment.name, project)
        try:
            folder.symlink_to(made.name, target_is_directory=True)
        except FileExistsError:
            shutil.rmtree(made)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _commands(environment: Environment, folder: Path) -> Iterator[list[str]]:
    """Yield the commands that fill `folder`: by uv, else by this Python's own venv and pip."""
    python = str(folder / "bin" / "python")
    listed = folder / "requirements.txt"
    uv = _uv()
    if uv:
        wanted = environment.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
        yield [*uv, "venv", "--quiet", "--allow-existing", "--python", wanted, str(folder)]
        install = [*uv, "pip", "install", "--quiet", "--python", python]
    else:
        yield [_base_python(environment), "-m", "venv", str(folder)]
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if environment.requirements:
        listed.write_text("".join(f"{line}\n" for line in environment.requirements), encoding="utf-8")
        yield [*install, "-r", str(listed)]


def _uv() -> list[str] | None:
    found = shutil.which("uv")
    if found:
        return [found]
    return [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else None


def _base_python(environment: Environment) -> str:
    if not environment.python:
        return sys.executable
    found = shutil.which(f"python{environment.python}")
    if found is None:
        raise EnvironmentBuildError(
            f"environment {environment.name}: no python{environment.python} on the PATH, and no uv to fetch one"
        )
    return found


def _checked(command: list[str], name: str, project: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, cwd=project, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise EnvironmentBuildError(f"environment {name}: {Path(command[0]).name} ended with {done.returncode}\n{words}")
