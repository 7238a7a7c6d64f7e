"""The files of a project that a shell script or a command names.

In: the text of a script, or the arguments of a command. Out: the words that may be paths, and what becomes of the file: it is read, it is
run as code. Owns how far a shell is understood: commands, quotes, redirections, `cd`; variables are not followed, and nothing is run.
Change it when another command reads, makes or runs what it names.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_COMMANDS = re.compile(r"[;\n|&()`{}]+|\$\(|\b(?:then|do|else|elif|if|while|until|time|exec|env|sudo|nohup|nice)\s")
_WRITTEN = re.compile(r"[0-9&]?>{1,2}[|&]?\s*(?:\"[^\"]*\"|'[^']*'|[^\s;|&<>()]+)")
_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^\s'\"=<>:,@]+)")
_INTERPRETERS = re.compile(
    r"(python[0-9.]*|uv|poetry|pipenv|accelerate|torchrun|coverage|pytest|sh|bash|dash|zsh|ksh|source|\.|Rscript|R|julia|node|perl|ruby|ipython|papermill)$"
)
_MAKES = frozenset({"tee", "mkdir", "rm", "rmdir", "touch", "chmod", "chown", "cd", "pushd", "test", "[", "[["})
"""Commands that read nothing of what they name."""
CODE = (".py", ".sh", ".bash", ".R", ".r", ".jl", ".js", ".pl", ".rb")
"""How names of files with code in them end."""
_PLACEHOLDER = re.compile(r"\$\{\{[^$}]*\}\}")  # up to the next one: many that are open cost no more than their length


class Word(NamedTuple):
    """A text that may be a path, where it stands, and whether what it names is run as code."""

    text: str
    start: int
    is_code: bool


def words(script: str) -> Iterator[Word]:
    """The words of a script that may name what it reads, those behind a `cd` also below that folder; not what it makes itself."""
    script = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), script)
    written = {match[0].lstrip("0123456789&>| \t").strip("'\"") for match in _WRITTEN.finditer(script)}
    script = _WRITTEN.sub(lambda match: " " * len(match[0]), script)
    folders = [""]
    start = 0
    for part in [*_COMMANDS.finditer(script), None]:
        end = part.start() if part is not None else len(script)
        yield from (word for word in _of_command(script[start:end], start, folders) if word.text not in written)
        start = part.end() if part is not None else end


class Program(NamedTuple):
    """Python that a script runs: a file or a module, and where the script says so."""

    file: str
    module: str
    start: int


def programs(script: str, found: Iterable[Word] | None = None) -> Iterator[Program]:
    """The Python files and modules that a script runs; `found` are its words, where they are known."""
    for word in words(script) if found is None else found:
        if word.is_code and word.text.endswith(".py"):
            yield Program(posixpath.normpath(word.text), "", word.start)
    for match in _MODULE.finditer(script):
        yield Program("", match[1], match.start(1))


_MODULE = re.compile(r"\bpython[0-9.]*\s+(?:-[A-Za-z]+\s+)*-m\s+([A-Za-z_][\w.]*)")


def of_arguments(arguments: Iterable[str]) -> Iterator[Word]:
    """The words of a command that no shell reads, with what options among them are set to."""
    for number, argument in enumerate(arguments):
        for text in {argument, argument.rpartition("=")[2]}:
            yield Word(text, 0, is_code=number <= 1 and text.endswith(CODE))


def _of_command(text: str, offset: int, folders: list[str]) -> Iterator[Word]:
    found = [(match[match.lastindex or 0], match.start(match.lastindex or 0)) for match in _WORD.finditer(text)]
    while len(found) > 1 and text[found[0][1] + len(found[0][0]) :].startswith("="):  # a variable for this command alone
        yield Word(found[1][0], offset + found[1][1], is_code=False)
        found = found[2:]
    if not found:
        return
    name = posixpath.basename(found[0][0])
    if name in ("cd", "pushd") and len(found) > 1:
        folders.append(posixpath.join(folders[-1], found[1][0]))
    if name in _MAKES:
        return
    runs = _INTERPRETERS.match(name) is not None
    for number, (word, start) in enumerate(found):
        is_code = word.endswith(CODE) and (number == 0 or runs)
        for folder in folders:
            yield Word(posixpath.join(folder, word), offset + start, is_code)
        if word.startswith("-") and "/" in word:  # the default of a variable: ${DATA:-data/loans.csv}
            yield Word(word.lstrip("-"), offset + start + len(word) - len(word.lstrip("-")), is_code=False)
    for word, start in found:  # a quoted text may be a command, or code, of its own
        if any(sign in word for sign in " \n'\"("):
            yield from (Word(inner[0], offset + start + inner.start(), is_code=False) for inner in _INNER.finditer(word))


_INNER = re.compile(r"[^\s'\"=;|&<>(),\[\]{}:]+")
