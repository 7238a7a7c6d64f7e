"""What a body writes, on its way to where the step process writes: masked.

In: a masker's values. Out: descriptors for a body to write to, while what comes there goes on to ours. Owns the pipes and the threads that
read them; never decides what is masked (see `masking`). Standard library only.
Change it when output of bodies must go another way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from mlspec.exec.masking import Masker

_CHUNK = 64 * 1024
_DRAIN = 5.0
"""Seconds that what a body wrote last may take: all its processes have ended."""


class Streams(NamedTuple):
    """Where a body writes its standard output and its standard error; None: where we do."""

    out: int | None = None
    err: int | None = None


class MaskedOutput:
    """Pipes for one body. Where both of our streams are the same file, its two are one pipe, so that their order stays."""

    def __init__(self, values: Sequence[str]) -> None:
        self._threads: list[threading.Thread] = []
        self.streams = Streams()
        self._writers: list[int] = []
        if not Masker(values):
            return
        out = self._pipe(values, 1)
        self.streams = Streams(out, out if _same(1, 2) else self._pipe(values, 2))

    def started(self) -> None:
        """The body has been started, and has its own descriptors: ours would keep the pipes open."""
        while self._writers:
            os.close(self._writers.pop())

    def close(self) -> None:
        """Wait until all has been passed on."""
        self.started()
        for thread in self._threads:
            thread.join(_DRAIN)

    def _pipe(self, values: Sequence[str], target: int) -> int:
        reader, writer = os.pipe()
        self._writers.append(writer)
        thread = threading.Thread(target=_pass_on, args=(reader, target, Masker(values)), daemon=True)
        self._threads.append(thread)
        thread.start()
        return writer


def _same(one: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False


def _pass_on(reader: int, target: int, masker: Masker) -> None:
    """Read to the end, whatever becomes of those who read us: a body whose pipe is full stands still for ever."""
    written = True
    while True:
        chunk = os.read(reader, _CHUNK)
        shown = masker.feed(chunk) if chunk else masker.flush()
        with suppress(OSError):
            while shown and written:
                written = False
                shown = shown[os.write(target, shown) :]
                written = True
        if not chunk:
            os.close(reader)
            return
