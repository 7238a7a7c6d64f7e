"""Which interpreter runs the steps of an environment.

In: an `Environment` of the plan. Out: the path of a Python, this one or that of a virtual environment made for it.
Owns `.mlspec/envs/` in the project and the identity of an environment; never changes an environment once it is there.
Change it when an environment gains something that must be installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from mlspec.expr.values import compact
from mlspec.ir.model import Environment


class EnvironmentBuildError(Exception):
    """An environment could not be made; the text has the installer's own last words."""


def digest(environment: Environment) -> str | None:
    """Return twelve hex digits of what is installed; None when nothing is. Equal means interchangeable."""
    if not (environment.python or environment.requirements):
        return None
    content = compact([environment.python, sorted(environment.requirements)])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def interpreter(environment: Environment, project: Path, building: Callable[[str], None]) -> Path:
    """Return the Python for an environment, building it once when this one does not do.

    `building` is called with the environment's name before a build. Raises `EnvironmentBuildError`.
    """
    content = digest(environment)
    if content is None or satisfied(environment):
        return Path(sys.executable)
    folder = project / ".mlspec" / "envs" / f"{environment.name}-{content}"
    if not folder.exists():
        building(environment.name)
        _build(environment, project, folder)
    return folder / "bin" / "python"


def satisfied(environment: Environment) -> bool:
    """Tell whether this interpreter is of the right version and has all that the environment requires."""
    wanted = (environment.python or "").split(".")
    version = [str(part) for part in sys.version_info[:3]]
    if environment.python and wanted != version[: len(wanted)]:
        return False
    try:
        return not _lacks_any([Requirement(text) for text in environment.requirements])
    except InvalidRequirement:
        return False


def _lacks_any(requirements: Sequence[Requirement]) -> bool:
    """Tell whether something is not installed here in the version asked for, the extras asked for included."""
    todo = [(requirement, "") for requirement in requirements]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, extra = todo.pop()
        if (str(requirement), extra) in seen or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        seen.add((str(requirement), extra))
        installed = _installed(requirement.name)
        if installed is None or requirement.url or not requirement.specifier.contains(installed.version, prereleases=True):
            return True
        for wanted in requirement.extras:
            todo += [(Requirement(text), wanted) for text in installed.requires or () if "extra" in text]
    return False


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _build(environment: Environment, project: Path, folder: Path) -> None:
    """Make the environment in a folder of its own; its proper name is a link that appears when all is installed.

    A link, not a rename: scripts in a virtual environment hold its absolute path. Of two builders at once the second
    drops its own.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
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
