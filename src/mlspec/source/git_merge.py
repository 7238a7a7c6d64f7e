"""Merges of texts, by git, and the driver that a repository names for them.

In: three texts; a folder of a repository. Out: one text. Owns how `git merge-file` and `git config` are called (docs/decisions/0008); never
knows what is merged. Change it when git is to merge in another way.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

DRIVER = "mlspec-generated"
"""As `.gitattributes` names it: `pipelines/** merge=mlspec-generated`."""
_COMMAND = "mlspec merge-generated %O %A %B %P"


def merge(ours: str, base: str, theirs: str, *, marker: int = 7) -> tuple[str, bool]:
    """Lay two changes of a text over each other; whether they are of the same lines, which then stand there twice."""
    with tempfile.TemporaryDirectory(prefix="mlspec-merge-") as folder:
        paths = []
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            paths.append(Path(folder, name))
            paths[-1].write_bytes(text.encode("utf-8", "surrogateescape"))
        labels = [word for name in ("ours", "base", "theirs") for word in ("-L", name)]
        command = ["git", "merge-file", "-p", f"--marker-size={marker}", *labels, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode > 127 or done.returncode < 0:
        raise OSError(f"git merge-file failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode("utf-8", "surrogateescape"), done.returncode > 0


def set_up_driver(folder: Path) -> bool:
    """Name the driver in the settings of the repository that a folder is in; False where it is in none, or without git."""
    settings = {"name": "files that mlspec generates", "driver": _COMMAND}
    try:
        for key, value in settings.items():
            command = ["git", "-C", str(folder), "config", "--local", f"merge.{DRIVER}.{key}", value]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return False
    except OSError:
        return False
    return True
