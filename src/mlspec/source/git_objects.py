"""The objects of a git repository, without a work tree.

In: a folder of the repository, names of objects. Out: their kind and content. Owns the one process, `git cat-file --batch`, that all
of them come from, and the environment it gets (docs/decisions/0008). Never changes a repository nor names an object in an argument,
where it could be an option. Change it when git is to be asked for something else.
"""

from __future__ import annotations

import errno
import os
import subprocess
import weakref
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from mlspec.source.project import MAX_BYTES, ProjectError, TooLargeError

_OF_ONE_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")
"""Set for hooks, about the repository of the hook. That of objects stays: what is being pushed is found by it alone."""
_PIECE = 1 << 20


class GitObject(NamedTuple):
    """What a name stands for."""

    id: str
    kind: str
    """`blob`, `tree`, `commit` or `tag`."""
    content: bytes


class GitObjects:
    """The objects of the repository that `folder` is in, or that it is. Safe to share among threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes]], GitObjects] | None = None

    def prefix(self) -> str:
        """Where the folder is in its work tree, `team/` or empty; raises `ProjectError` where there is no repository."""
        try:
            done = subprocess.run(
                self._command("rev-parse", "--show-prefix"), env=environment(), capture_output=True, check=False
            )
        except OSError as error:
            raise ProjectError(f"git cannot be started: {(error.strerror or str(error)).lower()}") from None
        if done.returncode:
            reason = os.fsdecode(done.stderr).strip().partition("\n")[0].removeprefix("fatal: ")
            raise ProjectError(f"git reads no repository in {self._folder}: {reason}")
        return os.fsdecode(done.stdout.removesuffix(b"\n"))

    def find(self, name: str, limit: int = MAX_BYTES) -> GitObject | None:
        """The object of that name; None where there is none, or where a short name stands for several."""
        line = os.fsencode(name)
        if b"\n" in line or b"\0" in line:
            return None
        with self._lock:
            try:
                return self._answer(line, name, limit)
            except BaseException:  # part of an answer may be unread: the next question needs a process of its own
                self._stop()
                raise

    def _answer(self, line: bytes, name: str, limit: int) -> GitObject | None:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(line + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise _unreadable(name) from None
        head = process.stdout.readline()
        if head.endswith((b" missing\n", b" ambiguous\n")):
            return None
        words = head.split()
        if len(words) != 3 or not words[2].isdigit():
            raise _unreadable(name)
        size = int(words[2])
        if size > limit:
            raise TooLargeError(size, limit, name)
        content = bytearray()
        while len(content) <= size:
            piece = process.stdout.read(min(_PIECE, size + 1 - len(content)))
            if not piece:
                raise _unreadable(name)
            content += piece
        return GitObject(words[0].decode("ascii"), words[1].decode("ascii"), bytes(content[:size]))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command, pipe = self._command("cat-file", "--batch"), subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment())
            self._end = weakref.finalize(self, _stop, self._process)
        return self._process

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._end = None

    def _command(self, *arguments: str) -> list[str]:
        return ["git", "-C", str(self._folder), *arguments]


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # it may be in the middle of a long answer, and has nothing to lose
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.wait()


def environment() -> dict[str, str]:
    """What a git process gets of our variables: nothing that is about another repository."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}


def _unreadable(name: str) -> OSError:
    return OSError(errno.EIO, "git cannot read its object", name)
