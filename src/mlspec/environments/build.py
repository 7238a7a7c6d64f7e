"""Which interpreter runs the steps of an environment.

In: an `Environment` of the plan. Out: the path of a Python, this one or that of a virtual environment made for it.
Owns how an environment is made once, whoever asks for it at the same time, and what is left of one that was not finished.
Change it when an environment gains something that must be installed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlspec.environments import installers
from mlspec.environments.identity import identity
from mlspec.environments.installed import satisfied
from mlspec.environments.installers import InstallerError, Said
from mlspec.environments.lines import has_hash, is_index
from mlspec.environments.places import place
from mlspec.errors import sentence
from mlspec.ir.declarations import Environment
from mlspec.store.files import make_folder


class EnvironmentBuildError(Exception):
    """An environment could not be made; the text has the installer's own last words, `requirement` the line that they are about."""

    def __init__(self, environment: Environment, words: str, requirement: str | None = None) -> None:
        about = f", for its requirement `{requirement}`" if requirement is not None else ""
        span = environment.requirement_spans.get(requirement or "", environment.span)
        where = f"{span}: " if span is not None else ""
        super().__init__(f"{where}the environment `{environment.name}` cannot be made{about}\n{words}")
        self.environment = environment
        self.requirement = requirement


def interpreter(environment: Environment, project: Path, building: Callable[[str], None], said: Said = lambda _: None) -> Path:
    """Return the Python for an environment, building it once when this one does not do.

    `building` is called with the environment's name before a build, or before waiting for that of another process; `said` with
    each line of the installer. Raises `EnvironmentBuildError`.
    """
    if identity(environment) is None or satisfied(environment):
        return Path(sys.executable)
    folder = place(environment, project)
    python = folder / "bin" / "python"
    if not python.exists():
        building(environment.name)
        try:
            with _alone(folder, said) as held:
                if not python.exists():
                    _build(environment, project, folder, said, clean=held)
        except OSError as error:
            raise EnvironmentBuildError(environment, f"{folder}: {sentence(error)}") from None
    with suppress(OSError):  # of somebody else's
        os.utime(folder)
    return python


@contextmanager
def _alone(folder: Path, said: Said) -> Iterator[bool]:
    """Keep others from making the same at the same time; the lock ends with its process. False where files cannot be locked."""
    import fcntl

    make_folder(folder.parent)
    with folder.with_name(f"{folder.name}.lock").open("ab") as file:
        held = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said("another process makes it: waiting for that one")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:  # some network file systems lock nothing: who is second there drops its own
            held = False
        yield held


def _build(environment: Environment, project: Path, folder: Path, said: Said, *, clean: bool) -> None:
    """Make the environment in a folder of its own; its proper name is a link that appears when all is installed.

    A link, not a rename: scripts in a virtual environment hold its absolute path. What was left by one who was killed goes first.
    """
    if clean:
        for left in folder.parent.glob(f"{folder.name}.*.d"):
            shutil.rmtree(left, ignore_errors=True)
        if folder.is_symlink():  # to what somebody has removed
            folder.unlink()
    made = folder.with_name(f"{folder.name}.{secrets.token_hex(8)}.d")
    made.mkdir()  # as the umask has it: `tempfile` would close it to the people it is shared with
    try:
        _install(environment, project, made, said)
        try:
            folder.symlink_to(made.name, target_is_directory=True)
        except FileExistsError:
            shutil.rmtree(made)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _install(environment: Environment, project: Path, folder: Path, said: Said) -> None:
    lines = environment.requirements
    if environment.locked:
        lines = (*filter(is_index, lines), *environment.locked)  # a lock does not say where packages are found
    try:
        for command in _commands(environment, folder):
            installers.run(command, project, said, lines)
    except InstallerError as error:
        about = installers.at_fault(str(error).partition("\n")[2], environment.requirements)
        raise EnvironmentBuildError(environment, str(error), about) from None


def _commands(environment: Environment, folder: Path) -> Iterator[list[str]]:
    """Yield the commands that fill `folder`: by uv, else by this Python's own venv and pip. They read the lines to install."""
    python, uv = str(folder / "bin" / "python"), installers.uv()
    if uv is not None:
        wanted = environment.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
        yield [*uv, "venv", "--quiet", "--allow-existing", "--python", wanted, str(folder)]
        install, listed = [*uv, "pip", "install", "--python", python], "-"
    else:
        yield [_base_python(environment), "-m", "venv", str(folder)]
        install, listed = [python, "-m", "pip", "install", "--disable-pip-version-check"], "/dev/stdin"
    if environment.locked:  # whole as it is: nothing is to be found for it
        install += ["--no-deps", *(["--require-hashes"] if all(map(has_hash, environment.locked)) else [])]
    if environment.requirements:
        yield [*install, "-r", listed]


def _base_python(environment: Environment) -> str:
    if not environment.python:
        return sys.executable
    found = shutil.which(f"python{environment.python}")
    if found is None:
        raise EnvironmentBuildError(environment, f"there is no python{environment.python} on the PATH, and no uv to fetch one")
    return found
