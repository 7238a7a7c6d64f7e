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
    if _SAFE.issuperset(run_id) and not run_id.startswith((".", "_")):  # as nearly all are
        return f"{lifecycle}/{run_id}"
    quoted = "".join(chr(byte) if chr(byte) in _SAFE else f"%{byte:02X}" for byte in _bytes(run_id))
    if quoted.startswith((".", "_")):  # `.` and `..` are no folders of their own, and `_cache` is ours
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    return f"{lifecycle}/{quoted}"


def run_id_of(folder: str) -> str:
    """The run id whose folder is called `folder`."""
    if "%" not in folder:
        return folder
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
    """The list of a foreach that an orchestrator runs."""
    return f"{run}/{step}/_items.json"


def manifest(run: str) -> str:
    """What is known of a run as a whole, when `mlspec run` made it."""
    return f"{run}/_run.json"


def outline(run: str) -> str:
    """What the steps of a run made by `mlspec run` were to do, and what each waits for."""
    return f"{run}/_outline.json"


def lease(run: str) -> str:
    """Who makes a run at this moment, when `mlspec run` does."""
    return f"{run}/_lease.json"


def entry_name(step: str, index: int | None) -> str:
    """The name of a step or instance where those of a run stand side by side in one folder."""
    return step if index is None else f"{step}.{index}"


def place_of(entry: str) -> Place:
    """The step or instance that has this name there."""
    step, _, number = entry.partition(".")
    return step, int(number) if number.isdigit() else None


def failures_folder(run: str) -> str:
    """Where a run has one entry for each step whose last end was `failed`."""
    return f"{run}/_failed"


def marks_folder(run: str) -> str:
    """Where a run has one entry for each step that has started and not ended."""
    return f"{run}/_started"


def sign(run: str, entry: str) -> str:
    """The last sign of life of a step whose process cannot be asked from everywhere."""
    return f"{run}/_alive/{entry}"


def warnings_folder(run: str) -> str:
    """Where a run has one file, `ENTRY.json`, for each step that has ended while something beside it could not be done."""
    return f"{run}/_warnings"


def tracking(run: str, tracker: str = "tracking") -> str:
    """What the steps of a run have found out about its tracking server, or about that of its lineage."""
    return f"{run}/_{tracker}.json"


def delivery(run: str, entry: str) -> str:
    """What is known of an ended step beyond its record, and which trackers know it."""
    return f"{run}/_deliveries/{entry}.json"


def delivery_parent(run: str, tracker: str) -> str:
    """What stands for the run as a whole at a tracker."""
    return f"{run}/_deliveries/_run-{tracker}"


def over(run: str) -> str:
    """When the `finally` steps of a run that Kubeflow makes last began."""
    return f"{run}/_over"


def questions_folder(run: str) -> str:
    """Where a run made by `mlspec run` has one file, `ENTRY.json`, for each approval that it asked for."""
    return f"{run}/_approvals"


def index(lifecycle: str) -> str:
    """What a list shows of the runs of a lifecycle that are over."""
    return f"{lifecycle}/_index.json"


def cache_folder(lifecycle: str) -> str:
    """The folder of all that says where outputs of equal steps are; it is there when there is any."""
    return f"{lifecycle}/_cache"


def cache_entry(lifecycle: str, key: str) -> str:
    """The file that says where the outputs of a step with the cache key `key` are."""
    return f"{cache_folder(lifecycle)}/{key}.json"


def gone_folder(lifecycle: str) -> str:
    """Where a remote store has one entry for each run that is being removed."""
    return f"{lifecycle}/_gone"


def cache_history(lifecycle: str, step: str, index: int | None) -> str:
    """The file that says what the last few keys of a step or instance were made of."""
    return f"{cache_folder(lifecycle)}/_made/{entry_name(step, index)}.json"


def output_of_run(run: str, reference: str) -> str | None:
    """The path that `run:STEP[/INDEX]/OUTPUT` means; None when `reference` does not have that form."""
    parts = reference.removeprefix("run:").split("/")
    if len(parts) not in (2, 3) or any(part in ("", ".", "..") for part in parts):
        return None
    if len(parts) == 3 and not (parts[1].isascii() and parts[1].isdigit()):
        return None
    return "/".join((run, *parts))


def place_of_output(run: str, uri: str, base: str) -> Place | None:
    """The step or instance of a run that makes what a record's `uri` names; None for what is not in the run's folder."""
    below = f"{base.rstrip('/')}/{run}/"
    parts = uri.removeprefix(below).split("/") if uri.startswith(below) else []
    if len(parts) not in (2, 3):
        return None
    return parts[0], int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
