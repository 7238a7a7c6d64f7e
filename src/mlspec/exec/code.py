"""The code a step runs, as far as files show.

In: an `Invocation` and resolved `with`, the project being the current folder. Out: the files whose change makes a cached result
stale. Owns that choice; never runs or imports anything. Standard library only.
Change it when a step runs code that it does not find.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mlspec.invocation.model import Command, Invocation
from mlspec.ir.bodies import Call, Shell, Uses
from mlspec.store.files import Entry, files_below
from mlspec.store.filesystem import is_remote, local_path

LIBRARY = Path(__file__).resolve().parents[1] / "library"
_WRITTEN = re.compile(r">+\s*[^\s;|&<>()]+")
_BETWEEN_WORDS = re.compile(r"[\s'\"`=;|&<>()]+")


def files(invocation: Invocation, with_: dict[str, Any]) -> dict[str, Path]:
    """The files that count, by a name that does not depend on where the project is.

    All below the `--pythonpath` folders; without such, the project's `.py` files (not for `--uses`); files of the project
    that a script, a command or a value of `with` names; for `--uses`, the library.
    """
    found: dict[str, Path] = {}
    folders = [folder for folder in invocation.environment.pythonpath if Path(folder).is_dir()]
    for folder in folders:
        found |= _project(invocation) if Path(folder).resolve() == Path.cwd() else _below(folder)
    if not folders and not isinstance(invocation.body, Uses):
        found |= _project(invocation)
    for text in (*_command_texts(invocation), *_strings(with_)):
        path = _in_project(text)
        if path is not None:
            found[path.as_posix()] = path
    if isinstance(invocation.body, Uses):
        found |= {f"mlspec:{name}": LIBRARY / name for name in files_below(LIBRARY, _is_hidden)}
    return found


def is_own(step: str) -> bool:
    """Tell whether a library step is one of ours, so that its code is among `files`."""
    return (LIBRARY / "steps" / f"{step.replace('-', '_')}.py").is_file()


def _below(folder: str) -> dict[str, Path]:
    return {f"{folder}/{name}": Path(folder, name) for name in files_below(Path(folder), _is_hidden)}


def _project(invocation: Invocation) -> dict[str, Path]:
    if Path.cwd() == Path(Path.cwd().anchor):  # an image without a working folder: all that it holds is no project
        raise NotADirectoryError("the project is the root of the file system")
    store = None if is_remote(invocation.run.store) else local_path(invocation.run.store)

    def skip(entry: Entry) -> bool:
        if not entry.is_dir():
            return not entry.name.endswith(".py")
        path = Path(entry.path)
        return _is_hidden(entry) or path == Path("pipelines") or Path.cwd() / path == store or (path / "pyvenv.cfg").is_file()

    return {name: Path(name) for name in files_below(Path(), skip)}


def _is_hidden(entry: Entry) -> bool:
    return entry.name.startswith(".") or entry.name == "__pycache__"


def _command_texts(invocation: Invocation) -> list[str]:
    """The words of a script, or the arguments of a command and what options among them are set to."""
    match invocation.body:
        case Shell(script):
            return _BETWEEN_WORDS.split(_WRITTEN.sub(" ", script))
        case Command(arguments):
            return [text for argument in arguments for text in (argument, argument.rpartition("=")[2])]
        case Call() | Uses() | _:
            return []


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [text for one in inner for text in _strings(one)]
    return []


def _in_project(text: str) -> Path | None:
    """The file of the project that `text` names, relative to the project; None when it names none."""
    try:
        path = Path(os.path.relpath(text)) if text else None
        return path if path is not None and ".." not in path.parts and path.is_file() else None
    except (OSError, ValueError):  # no name of a file at all: too long, or with a NUL
        return None
