"""Which files of the project a body opens, when somebody asks.

In: a command about to run, and what is known to be read. Out: the command that tells, and then a sentence on files that nobody declared.
Owns how opened files are seen: by strace where the body is a script or a command, by an audit hook of `python_body.py` where it is
Python. Never changes what the body does. Standard library only. Change it when there is another way to look on.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from mlspec.errors import sentence
from mlspec.exec.code import code_of
from mlspec.invocation.model import Invocation
from mlspec.ir.bodies import Call, Uses
from mlspec.store.filesystem import is_remote, local_path

_OPENED = re.compile(r'open(?:at2?)?\((?:[^"]*, )?"(?:[^"\\]|\\.)*", (?P<flags>[^)]*)\)\s*= \d+<(?P<path>[^>]*)>')
_CACHED = re.compile(r"__pycache__/([^/]+)\.[a-z]+-\d+(\.opt-\d)?\.pyc$")
_STRACE = ["strace", "-f", "-qq", "-y", "-z", "-s", "0", "-e", "trace=open,openat,openat2", "-o"]
"""Successful opens of all processes, each with the whole path of what it returned (strace(1): -z, -y)."""
_MOST = 10
"""Files of a step that are named."""


class Trace:
    """What the attempts of one step have opened; `log` is a file of this process for whoever looks on."""

    def __init__(self, invocation: Invocation, log: Path) -> None:
        self._invocation = invocation
        self._python = isinstance(invocation.body, Call | Uses)
        self._log = log
        self._reason = ""

    def command(self, command: list[str], environment: dict[str, str]) -> list[str]:
        """The command that runs the body and tells what it opens."""
        self._log.unlink(missing_ok=True)
        if self._python:
            environment["MLSPEC_TRACE_LOG"] = str(self._log)
            return command
        try:
            tried = subprocess.run(
                [*_STRACE, os.devnull, "true"], capture_output=True, text=True, errors="replace", check=False
            )
            self._reason = f"strace: {(tried.stderr.strip().splitlines() or ['?'])[-1]}" if tried.returncode else ""
        except FileNotFoundError:
            self._reason = "strace is not installed here"
        return command if self._reason else [*_STRACE, str(self._log), *command]

    def report(self, with_: dict[str, Any], inputs: Iterable[Path | list[Path]]) -> str:
        """The sentence; empty where there is nothing to say."""
        if self._reason:
            return f"it was not seen which files it opened: {self._reason}"
        try:
            code = code_of(self._invocation, with_)
        except OSError as error:
            return f"it is not known which code counts: {sentence(error)}"
        places = [path for one in inputs for path in (one if isinstance(one, list) else [one])]
        found = self._undeclared({*code.programs, *code.texts}, places)
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return (
            f"opened {', '.join(found[:_MOST])}{more}: no input, and not in the cache's key; add {{path: …}} to `inputs`"
            if found
            else ""
        )

    def _undeclared(self, known: Collection[str], inputs: Collection[Path]) -> list[str]:
        """Files of the project that were read, are not among the `known` ones and in no input, by their paths in it."""
        here = Path.cwd().resolve()
        places = [path.resolve() for path in inputs]
        store = None if is_remote(self._invocation.run.store) else local_path(self._invocation.run.store).resolve()
        made: set[str] = set()
        found: dict[str, None] = {}
        for path, is_read in self._opened():
            if not path.startswith(f"{here}/") or (store is not None and Path(path).is_relative_to(store)):
                continue
            name = _CACHED.sub(r"\1.py", path.removeprefix(f"{here}/"))
            if not is_read:
                made.add(name)
            elif name not in made and name not in known and not any(Path(path).is_relative_to(place) for place in places):
                found[name] = None
        return sorted(name for name in found if not _is_aside(name))

    def _opened(self) -> Iterator[tuple[str, bool]]:
        """Paths in the order in which they were opened, and whether to be read."""
        try:
            lines = self._log.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return
        for line in lines:
            if self._python:
                mode, _, path = line.partition(" ")
                yield path, mode == "r"
            elif match := _OPENED.search(line):
                flags = match["flags"]
                if "O_DIRECTORY" not in flags:
                    yield match["path"], "O_WRONLY" not in flags and "O_CREAT" not in flags


def _is_aside(name: str) -> bool:
    """What belongs to tools: a virtual environment, git, caches."""
    path = Path(name)
    if not path.is_file() or path.suffix == ".pyc" or {".git", ".mlspec", "__pycache__", "node_modules"} & set(path.parts):
        return True
    return any((parent / "pyvenv.cfg").is_file() for parent in path.parents if parent.parts)
