"""The folders in which attempts make outputs, next to where these go.

In: a folder, the name of a step. Out: a folder of one attempt's own, locked as long as any process of it runs. Owns their names and
how it is known that an attempt is over; never publishes. Standard library only.
Change it when attempts must be kept apart in another way.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from mlspec.store.files import make_folder, remove

_FORM = re.compile(r"\.attempt-(?P<entry>.+)-[0-9a-f]{16}")


class Staging:
    """The folders of one attempt, of one name that nobody can know before, each below another folder."""

    def __init__(self, entry: str) -> None:
        self._name = f".attempt-{entry}-{os.urandom(8).hex()}"
        self._locks: dict[Path, int | None] = {}

    def below(self, parent: Path) -> Path:
        """Where the attempt's folder below `parent` is."""
        return parent / self._name

    def make(self, parent: Path) -> None:
        """Make the folder below `parent`, which is new: nothing that stands there is used, and no link followed."""
        import fcntl

        path = self.below(parent)
        if path in self._locks:
            return
        make_folder(parent)
        self._locks[path] = None  # first: a signal may end us before it is locked
        path.mkdir()
        self._locks[path] = descriptor = os.open(path, _OPEN)
        with suppress(OSError):  # a file system without locks: then an attempt that another one takes for dead fails
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Remove all of it."""
        while self._locks:
            path, descriptor = self._locks.popitem()
            if descriptor is not None:
                os.close(descriptor)
            remove(path)


def in_use(path: Path) -> bool:
    """Tell whether a folder is that of an attempt of which any process still runs: that of the step, or of its bodies' keeper."""
    if not _FORM.fullmatch(path.name):
        return False
    import fcntl

    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def remove_abandoned(parent: Path, entry: str) -> None:
    """Remove what attempts at a step have left below `parent` that did not live to remove it themselves."""
    if not parent.is_dir():
        return
    for name in os.listdir(parent):  # noqa: PTH208 (names are all it takes)
        form = _FORM.fullmatch(name)
        if form is not None and form["entry"] == entry and not in_use(parent / name):
            remove(parent / name)


_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
