"""The process that started this one, and the end that both share.

In: its id, in a variable. Out: nothing; when it ends, however, SIGTERM comes to this process. Owns that variable, which nothing
that this process starts inherits. Linux only; elsewhere the next runner ends what a dead one left. Standard library only.
Change it when another operating system can do the same.
"""

from __future__ import annotations

import os
import signal
import sys

VARIABLE = "MLSPEC_PARENT_PID"

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask for SIGTERM when the process ends whose id is in `VARIABLE`, if there is one; end now when it has ended already."""
    pid = os.environ.pop(VARIABLE, "")
    if not pid or not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if str(os.getppid()) != pid:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGTERM)
