"""The code a step runs, as far as files show.

In: an `Invocation` and resolved `with`, the project being the current folder. Out: a digest of the files whose change makes a cached
result stale. Owns that choice, and that comments of Python make nothing stale; never runs or imports anything. Standard library only.
Change it when a step runs code that it does not find.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlspec.analysis.files import WorkingFolder, found
from mlspec.analysis.scripts import Word, of_arguments, programs, words
from mlspec.invocation.model import Command, Invocation
from mlspec.ir.bodies import Call, Shell, Uses
from mlspec.store.digests import digests_of
from mlspec.store.files import Entry, files_below
from mlspec.store.filesystem import is_remote, local_path

_DIGESTS: dict[tuple[bytes, bool], str] = {}
"""Of programs, by the digest of their text and whether they may be executed."""

LIBRARY = Path(__file__).resolve().parents[1] / "library"


class Code:
    """Files by names that do not depend on where the project is. Of `programs` only what they do counts, of `texts` every byte."""

    def __init__(self) -> None:
        self.programs: dict[str, Path] = {}
        self.texts: dict[str, Path] = {}

    def add(self, files: dict[str, Path]) -> None:
        """Add files: Python as programs, all others as they are."""
        for name, path in files.items():
            (self.programs if name.endswith(".py") else self.texts)[name] = path

    def digests(self) -> dict[str, str]:
        """The hex digest of each file, by its name; raises `OSError` where one may not be read."""
        found = digests_of(self.texts)
        return found | {name: _program(path) for name, path in self.programs.items() if name not in self.texts}


def code_of(invocation: Invocation, with_: dict[str, Any]) -> Code:
    """The files that count.

    Of `--call` the modules that its function reaches by imports, the files that its code names, and what else than Python is below the
    `--pythonpath` folders. Of others all below these folders; without such, the project's `.py` files (not for `--uses`). Files and
    folders of the project that a script, a command or a value of `with` names; for `--uses`, the library.
    """
    code = Code()
    body = invocation.body
    folders = [folder for folder in invocation.environment.pythonpath if Path(folder).is_dir()]
    if not isinstance(body, Call) or not _add_reached(code, invocation, body.function, folders, with_):
        for folder in folders:
            code.add(_project(invocation) if Path(folder).resolve() == Path.cwd() else _below(folder))
        if not folders and not isinstance(body, Uses):
            code.add(_project(invocation))
    for word in _words(invocation):
        named = _named(word.text)
        if word.is_code:
            code.add(named)
        else:
            code.texts |= named
    if isinstance(body, Shell):
        _add_programs(code, body.script, folders)
    for text in _strings(with_):
        code.texts |= _named(text)
    if isinstance(body, Uses):
        code.texts |= {f"mlspec:{name}": LIBRARY / name for name in files_below(LIBRARY, _is_hidden)}
    return code


def is_own(step: str) -> bool:
    """Tell whether a library step is one of ours, so that its code is among the files."""
    return (LIBRARY / "steps" / f"{step.replace('-', '_')}.py").is_file()


def _add_reached(code: Code, invocation: Invocation, function: str, folders: list[str], with_: dict[str, Any]) -> bool:
    """Add what a function reaches and names; returns whether that is all: code may run what no import names."""
    from mlspec.analysis.imports import Modules, reach
    from mlspec.analysis.named_files import named_files

    module, _, name = function.partition(":")
    modules = Modules(WorkingFolder(), (*folders, ""))
    given = {*with_, *(item.name for item in invocation.wiring.inputs), *(item.name for item in invocation.wiring.outputs)}
    for path in named_files(modules, module, name, given):
        code.texts |= _named(path)
    reached = reach(modules, module)
    if reached.source:
        code.texts |= {file: Path(file) for file in reached.files}
    if reached.open_ended:
        return False
    code.add({file: Path(file) for file in reached.files})
    for folder in folders:
        if Path(folder).resolve() != Path.cwd():
            code.add({file: path for file, path in _below(folder).items() if not file.endswith(".py")})
    return True


def _add_programs(code: Code, script: str, folders: list[str]) -> None:
    """Add what the Python names that a script runs; the code itself counts anyway."""
    found_programs = list(programs(script))
    if found_programs:
        from mlspec.analysis.named_files import named_by_program, options_of

        for program in found_programs:
            for path in named_by_program(WorkingFolder(), folders, program, options_of(script)):
                code.texts |= _named(path)


def _program(path: Path) -> str:
    """The hex digest of what a file of Python does; read once for all steps that one process looks at."""
    import hashlib

    from mlspec.analysis.python_text import program

    content, executable = path.read_bytes(), os.access(path, os.X_OK)
    text = hashlib.sha256(content).digest()
    if (text, executable) not in _DIGESTS:
        _DIGESTS[text, executable] = hashlib.sha256(program(content, executable=executable)).hexdigest()
    return _DIGESTS[text, executable]


def _below(folder: str) -> dict[str, Path]:
    return {posixpath.join(folder, name): Path(folder, name) for name in files_below(Path(folder), _is_hidden)}


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


def _words(invocation: Invocation) -> Iterable[Word]:
    match invocation.body:
        case Shell(script):
            return words(script)
        case Command(arguments):
            return of_arguments(arguments)
    return ()


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [text for one in inner for text in _strings(one)]
    return []


def _named(text: str) -> dict[str, Path]:
    """The files of the project that `text` names, or has in the folder that it names as a path."""
    files: dict[str, Path] = {}
    for path in found(WorkingFolder(), _relative(text)):
        if Path(path).is_file():
            files[path] = Path(path)
        elif "/" in text.rstrip("/") or text.endswith("/"):
            files |= _below(path)
    return files


def _relative(text: str) -> str:
    """An absolute path within the project as one from there."""
    here = f"{Path.cwd()}/"
    return text.removeprefix(here) if text.startswith(here) else text
