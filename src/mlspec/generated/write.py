"""Writes generated files, all of them or none.

In: one target's files and the folder for them. Out: what changed. Owns which files may be replaced or removed, and the way
back when writing fails; never touches a file that is up to date and never one that mlspec did not write.
Change it when the rules of replacing files change; `judge` says what is there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlspec.emission.seal import GeneratedFile
from mlspec.generated.existing import existing
from mlspec.generated.judge import Scope, Verdict, judge, judge_checksums
from mlspec.generated.merges import as_merged

Action = Literal["created", "updated", "unchanged", "removed", "kept"]


@dataclass(frozen=True, slots=True)
class Change:
    """What was done at `path`, which is relative to the folder written to.

    `kept`: no longer generated, but edited by hand.
    """

    path: str
    action: Action
    was_merged: bool = False
    """Whether it held both sides of a merge."""


class RefusedError(Exception):
    """Nothing was written, because of what stands at these paths. One line each as text."""

    def __init__(self, verdicts: Sequence[Verdict], folder: Path) -> None:
        super().__init__(verdicts, folder)
        self.verdicts = tuple(verdicts)
        self.folder = folder

    def __str__(self) -> str:
        return "\n".join(f"{(self.folder / verdict.path).as_posix()} {verdict.reason}" for verdict in self.verdicts)

    @property
    def can_be_forced(self) -> bool:
        """Whether `force` would help: it never does for files that mlspec did not write."""
        return all(verdict.kind != "foreign" for verdict in self.verdicts)


def write(
    files: Sequence[GeneratedFile], folder: Path, *, force: bool = False, shared: bool = False, scope: Scope | None = None
) -> list[Change]:
    """Make `folder` hold `files`; remove what mlspec once made there from the same spec file (or in `scope`) and makes no more.

    Files edited by hand, or generated from another spec, are replaced with `force` only; files that mlspec did not write
    never are. In a `shared` folder (one that several projects write to) nothing is removed: spec files of one name cannot
    be told apart there. Raises `RefusedError` before anything is written, `OSError` after everything has been undone.
    """
    present = existing(files, folder, shared=shared)
    verdicts = judge(files, present, scope, as_merged(folder, present))
    both = [*verdicts, judge_checksums(verdicts, present, shared=shared)]
    refused = [v for v in both if v.kind == "foreign" or (v.kind in ("edited", "unknown", "other") and not force)]
    if refused:
        raise RefusedError(refused, folder)
    due = [verdict for verdict in both if verdict.kind not in ("current", "leftover")]
    if due:
        _Transaction(folder).run(due)
        if not files:
            with suppress(OSError):
                folder.rmdir()  # nothing is made here any more
    return [Change(verdict.path, _action(verdict), verdict.kind == "merged") for verdict in verdicts]


def _action(verdict: Verdict) -> Action:
    match verdict.kind:
        case "current":
            return "unchanged"
        case "missing":
            return "created"
        case "orphan":
            return "removed"
        case "leftover":
            return "kept"
        case _:
            return "updated"


class _Transaction:
    """New texts and copies of the old ones are laid beside their files first; from then on only names change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Path] = []
        self._laid: list[Path] = []
        self._undo: list[tuple[Path, Path | None]] = []

    def run(self, verdicts: Sequence[Verdict]) -> None:
        """Apply all verdicts, or leave everything as it was and raise."""
        try:
            staged = [(self._folder / verdict.path, *self._stage(verdict)) for verdict in verdicts]
            for place, new, old in staged:
                self._undo.append((place, old))
                if new is None:
                    place.unlink()
                else:
                    new.replace(place)
        except BaseException:
            self._roll_back()
            raise
        self._sweep()
        for place, new, _ in staged:
            if new is None:
                self._drop_empty(place.parent)

    def _stage(self, verdict: Verdict) -> tuple[Path | None, Path | None]:
        """Lay the new text and a copy of the old file beside `verdict.path`, each where there is one."""
        place = self._folder / verdict.path
        self._make(place.parent)
        old = None
        if verdict.kind != "missing":
            old = self._name(place)
            _lay(old, place.read_bytes(), 0o600)
            shutil.copystat(place, old)
        if verdict.wanted is None:
            return None, old
        new = self._name(place)
        _lay(new, verdict.wanted.encode(), 0o666)
        if old is not None:
            new.chmod(stat.S_IMODE(place.stat().st_mode))
        return new, old

    def _name(self, place: Path) -> Path:
        """Choose a name beside `place` that nobody can have prepared and that no orchestrator takes for a pipeline."""
        path = place.with_name(f".mlspec-{secrets.token_hex(8)}.tmp")
        self._laid.append(path)
        return path

    def _make(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir()
            self._made.append(path)

    def _roll_back(self) -> None:
        for place, old in reversed(self._undo):
            with suppress(OSError):
                if old is not None:
                    old.replace(place)
                else:
                    place.unlink()
        self._sweep()
        for path in reversed(self._made):
            with suppress(OSError):
                path.rmdir()

    def _sweep(self) -> None:
        """Remove what was laid beside. What cannot be removed bears our seal and goes as an orphan next time."""
        for path in self._laid:
            with suppress(OSError):
                path.unlink()

    def _drop_empty(self, folder: Path) -> None:
        """Remove folders that held nothing but orphans."""
        while folder != self._folder:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def _lay(path: Path, content: bytes, mode: int) -> None:
    """Write a new file, never through what stands there; the umask takes from its mode."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
