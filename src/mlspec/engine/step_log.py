"""The log of a step, kept within a size: of a flood the head and the tail, and between them a note of what was cut out.

In: what a step process wrote, as it comes. Out: one file. Owns the bound, and that neither memory nor disk grows with what is written.
Never masks and never decides what becomes of a step. Change it when more, or something else, of a flood should be kept.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import BinaryIO

from mlspec.errors import sentence

HEAD_BYTES = 8 * 1024 * 1024
SEGMENT_BYTES = 4 * 1024 * 1024
"""The tail is one to two of these: when the second is full, it takes the place of the first."""


class StepLog:
    """Writes to `path`, behind what is there already. `fault` is why it is not whole, if it is not: then the rest is let go."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault = ""
        self._lock = threading.Lock()
        self._closed = False
        self._file: BinaryIO | None = None
        self._head_left = 0
        self._segment: BinaryIO | None = None
        self._segment_size = 0
        self._cut = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
            self._head_left = max(0, HEAD_BYTES - self._file.tell())
        except OSError as error:
            self.fault = sentence(error)

    def write(self, raw: bytes) -> None:
        """Take in more. When that fails, whoever reads a pipe goes on reading: a process whose pipe is full stands still for ever."""
        with self._lock:
            if self._closed or self.fault or self._file is None:
                return
            try:
                head, rest = raw[: self._head_left], raw[self._head_left :]
                self._head_left -= len(head)
                _write(self._file, head)
                if rest:
                    self._add(rest)
            except OSError as error:
                self.fault = sentence(error)

    def close(self) -> None:
        """Put the tail behind the head; what comes later is let go."""
        with self._lock:
            if self._closed or self._file is None:
                return
            self._closed = True
            try:
                if self._segment is not None and not self.fault:
                    self._join(self._file, self._segment)
            except OSError as error:
                self.fault = sentence(error)
            finally:
                self._file.close()
                if self._segment is not None:
                    self._segment.close()
                for path in (self._older, self._newer):
                    path.unlink(missing_ok=True)

    @property
    def _older(self) -> Path:
        return self.path.with_name(f"{self.path.name}.older")

    @property
    def _newer(self) -> Path:
        return self.path.with_name(f"{self.path.name}.newer")

    def _add(self, raw: bytes) -> None:
        if self._segment is not None and self._segment_size >= SEGMENT_BYTES:
            self._segment.close()
            self._segment = None
            self._cut += self._older.stat().st_size if self._older.exists() else 0
            self._newer.replace(self._older)
        if self._segment is None:
            self._segment, self._segment_size = self._newer.open("wb", buffering=0), 0
        _write(self._segment, raw)
        self._segment_size += len(raw)

    def _join(self, file: BinaryIO, segment: BinaryIO) -> None:
        segment.flush()
        if self._cut:
            note = f"\nmlspec: {self._cut:,} bytes are cut out here: of a log this long the beginning and the end are kept\n"
            _write(file, note.encode())
        for path in (self._older, self._newer):
            if path.exists():
                with path.open("rb") as part:
                    shutil.copyfileobj(part, file)


def _write(file: BinaryIO, raw: bytes) -> None:
    while raw:
        raw = raw[file.write(raw) :]
