"""The process that started this one, and the end that both share.

In: its id and what it does for us, in variables. Out: nothing; when it ends, however, SIGTERM comes to this process. Owns the variables,
which nothing that this process starts inherits. The end is Linux's; elsewhere the next runner ends what a dead one left. Standard
library only. Change it when another operating system can do the same.
"""

from __future__ import annotations

import os
import signal
import sys

from mlspec.exec.subreaper import PR_SET_PDEATHSIG, prctl
from mlspec.store.files import leave_syncing

VARIABLE = "MLSPEC_PARENT_PID"

SYNC_VARIABLE = "MLSPEC_PARENT_SYNCS"
"""Set where the parent waits for the disk, for several steps at once, before it counts on what they made."""

SERVE = "--serve"
"""The first argument of a process that forks step processes (see `fork_server`)."""

GRACE_SECONDS = 10.0
"""How long step processes have between the polite signal and the last one; they give their bodies half of it."""


def end_with_parent() -> None:
    """Ask for SIGTERM when the process ends whose id is in `VARIABLE`, if there is one; end now when it has ended already.
    Leave waiting for the disk to it where it says so.
    """
    if os.environ.pop(SYNC_VARIABLE, ""):
        leave_syncing()
    pid = os.environ.pop(VARIABLE, "")
    if pid:
        end_with(pid, signal.SIGTERM)


def end_with(pid: str, number: signal.Signals) -> None:
    """Ask for a signal when our parent ends, whose id this is; take it now when it has ended already."""
    if not sys.platform.startswith("linux"):
        return
    prctl(PR_SET_PDEATHSIG, number)
    if str(os.getppid()) != pid:  # it ended before we asked
        os.kill(os.getpid(), number)
