"""The folders of the runs that a test made here.

In: the folder of a lifecycle in a store. Out: that of each run, in the order in which they were started, which their names do not
tell of runs of one second. Owns nothing. Change it when a run's manifest says otherwise when it was started.
"""

from __future__ import annotations

import json
from pathlib import Path


def run_folders(lifecycle: Path) -> list[Path]:
    """Those of the runs of `mlspec run` that got as far as a manifest, the oldest first."""
    started = {path.parent: json.loads(path.read_text(encoding="utf-8"))["started"] for path in lifecycle.glob("2*/_run.json")}
    return sorted(started, key=started.__getitem__)
