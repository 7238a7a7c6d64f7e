"""Where things are in a store, as paths relative to its root.

In: names of lifecycles, runs, steps and outputs. Out: relative paths with forward slashes. Owns the store's layout and the
form of run ids in it; never touches a store. Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import string

RECORD = "_record.json"
ITEMS = "_items.json"
_SAFE = frozenset(string.ascii_letters + string.digits + "-_.~")


def run_folder(lifecycle: str, run_id: str) -> str:
    """The folder of a run. Any text is a run id: unsafe characters and a leading `.` or `_` are percent-encoded."""
    quoted = "".join(chr(byte) if chr(byte) in _SAFE else f"%{byte:02X}" for byte in _bytes(run_id))
    if quoted.startswith((".", "_")):  # `.` and `..` are no folders of their own, and `_cache` is ours
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    return f"{lifecycle}/{quoted}"


def run_id_of(folder: str) -> str:
    """The run id whose folder is called `folder`."""
    from urllib.parse import unquote

    return unquote(folder, errors="surrogateescape")


def step_folder(run: str, step: str, index: int | None) -> str:
    """The folder of a step, or of one of its instances, below the folder of its run."""
    return f"{run}/{step}" if index is None else f"{run}/{step}/{index}"


def failures_folder(run: str) -> str:
    """Where a run has one entry for each step whose last end was `failed`."""
    return f"{run}/_failed"


def failure_name(step: str, index: int | None) -> str:
    """The name of a step's entry in the failures folder."""
    return step if index is None else f"{step}.{index}"


def cache_entry(lifecycle: str, key: str) -> str:
    """The file that says where the outputs of a step with the cache key `key` are."""
    return f"{lifecycle}/_cache/{key}.json"


def output_of_run(run: str, reference: str) -> str | None:
    """The path that `run:STEP[/INDEX]/OUTPUT` means; None when `reference` does not have that form."""
    parts = reference.removeprefix("run:").split("/")
    if len(parts) not in (2, 3) or any(part in ("", ".", "..") for part in parts):
        return None
    if len(parts) == 3 and not (parts[1].isascii() and parts[1].isdigit()):
        return None
    return "/".join((run, *parts))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
