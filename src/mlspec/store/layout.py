"""Where things are in a store, as paths relative to its root.

In: names of lifecycles, runs, steps and outputs. Out: relative paths with forward slashes. Owns the store's layout and the
form of run ids in it; never touches a store. Standard library only. Change it together with docs/step-process.md.
"""

from __future__ import annotations

import string
from typing import TypeAlias

Place: TypeAlias = tuple[str, int | None]
"""A step's name, and the number of its instance."""

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


def record(run: str, step: str, index: int | None) -> str:
    """The record of a step or of one of its instances."""
    return f"{step_folder(run, step, index)}/_record.json"


def log(run: str, step: str, index: int | None) -> str:
    """What a step or one of its instances wrote, in a run made by `mlspec run`."""
    return f"{step_folder(run, step, index)}/_log.txt"


def items(run: str, step: str) -> str:
    """The list of a foreach that Kubeflow runs."""
    return f"{run}/{step}/_items.json"


def manifest(run: str) -> str:
    """What is known of a run as a whole, when `mlspec run` made it."""
    return f"{run}/_run.json"


def lease(run: str) -> str:
    """Who makes a run at this moment, when `mlspec run` does."""
    return f"{run}/_lease.json"


def entry_name(step: str, index: int | None) -> str:
    """The name of a step or instance where those of a run stand side by side in one folder."""
    return step if index is None else f"{step}.{index}"


def failures_folder(run: str) -> str:
    """Where a run has one entry for each step whose last end was `failed`."""
    return f"{run}/_failed"


def marks_folder(run: str) -> str:
    """Where a run has one entry for each step that has started and not ended."""
    return f"{run}/_started"


def questions_folder(run: str) -> str:
    """Where a run made by `mlspec run` has one file, `ENTRY.json`, for each approval that it asked for."""
    return f"{run}/_approvals"


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
