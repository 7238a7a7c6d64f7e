"""The arguments that `ps`, `pgrep` and `/proc` show of a process that has become another one.

In: arguments. Out: nothing; they stand where the kernel keeps those that the process was started with, as far as there is room. Owns
that place, and what makes room in it; a kernel that does not let us shows the old ones. Linux and the standard library only.
Change it when a process must be shown in another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOM = " " * 4096
"""An argument that is there to be overwritten."""
_FIRST = 3
"""The number of the first field behind a process' name in `/proc/self/stat` (proc_pid_stat(5))."""
_ARG_START, _ARG_END = 48, 49


def show(arguments: Sequence[str]) -> None:
    """Be shown with these arguments."""
    text = "\0".join(arguments).encode("utf-8", "surrogateescape")
    with suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        start, end = (int(fields[number - _FIRST]) for number in (_ARG_START, _ARG_END))
        if 0 < start < end:
            with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
                memory.seek(start)
                memory.write(text[: end - start - 1].ljust(end - start, b"\0"))
