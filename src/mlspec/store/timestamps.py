"""Times as they are written, into records, manifests, questions and the ids of runs.

In: seconds since the epoch. Out: text. Owns the one form of a time in a store, in UTC; never reads one back.
Standard library only. Change it together with docs/step-process.md: what is written is compared as text.
"""

from __future__ import annotations

import time


def timestamp(seconds: float | None = None) -> str:
    """Return a time to the millisecond, `2026-01-31T23:59:59.250Z`; without `seconds`, that of now."""
    moment = time.time() if seconds is None else seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}Z"
