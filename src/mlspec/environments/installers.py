"""The tools that find and install packages: uv, else this Python's own venv and pip.

In: a command. Out: its lines as they come, an `InstallerError` with its last ones. Owns where uv is, what such a tool sees of our
variables, and which requirement it complains of; never decides what is installed.
Change it when an installer says what is wrong in other words.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from mlspec.environments.lines import requirement_of

_SHOWN = 30
"""Last lines of an installer that an error shows."""
_NAMED = re.compile(r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*")
_PASSWORD = re.compile(r"(?<=://)[^\s/@]+(?=@)")

Said = Callable[[str], None]


class InstallerError(Exception):
    """An installer failed; the text has its last words."""


def uv() -> list[str] | None:
    """The command that is uv: that of this interpreter, else one on the PATH; None where there is none."""
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None


def run(command: list[str], folder: Path, said: Said, lines: Iterable[str] = ()) -> None:
    """Run an installer in `folder`, with `lines` as its standard input; raises `InstallerError`."""
    environ = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    last: deque[str] = deque(maxlen=_SHOWN)
    with tempfile.TemporaryFile() as given:
        given.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        given.seek(0)
        with subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                text = _PASSWORD.sub("****", line.rstrip())
                last.append(text)
                said(text)
    if process.returncode:
        raise InstallerError(f"{_name_of(command)} ended with {process.returncode}\n" + "\n".join(last).strip())


def _name_of(command: list[str]) -> str:
    return command[2] if command[1] == "-m" and len(command) > 2 else Path(command[0]).name


def at_fault(words: str, requirements: Iterable[str]) -> str | None:
    """The requirement that an installer's words are about: of those that they name, the one that they name last."""
    named = [canonicalize_name(word) for word in _NAMED.findall(words)]
    found: dict[int, str] = {}
    for line in requirements:
        wanted = requirement_of(line)
        name = canonicalize_name(wanted.name) if wanted is not None else None
        if name in named:
            found[len(named) - named[::-1].index(name)] = line
        elif line in words or (wanted is not None and wanted.url and wanted.url in words):
            found[-1] = line
    return found[max(found)] if found else None
