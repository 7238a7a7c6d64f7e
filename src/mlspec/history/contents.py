"""What is inside of a run's reports, pictures and logs, as much of it as a page can hold.

In: a `RunView` and its store. Out: pages, pictures, texts and excerpts of logs. Owns how much is read of each and what a file is taken
for: its bytes decide, not its name. Never renders. Change it when another kind of report can be shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlspec.errors import StoreError
from mlspec.history.model import File, RunView, StepView
from mlspec.store import layout
from mlspec.store.filesystem import is_remote
from mlspec.store.runs import Excerpt, Runs

_FILE = 4_000_000
_ALL_FILES = 24_000_000
_TEXT = 20_000
_LOGS = 100
_HEAD, _TAIL = 2_000, 6_000
_FAILED_TAIL = 24_000

Kind = Literal["page", "picture", "text", "left out"]
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A report or a picture. `media` is that of a picture; `why` says what is wrong with one that is left out."""

    step: str
    file: File
    kind: Kind
    data: bytes = b""
    media: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """The beginning and the end of what a step wrote; `cut` bytes lie between."""

    step: StepView
    head: str
    tail: str
    cut: int
    place: str


@dataclass(frozen=True, slots=True)
class Contents:
    """All of it, in the order of the steps. `without_log` steps have one that is not shown."""

    shown: tuple[Shown, ...] = ()
    logs: tuple[Log, ...] = ()
    without_log: int = 0


def contents(view: RunView, runs: Runs) -> Contents:
    """Read what a page can show."""
    left = _ALL_FILES
    shown = []
    for step in view.steps.values():
        for file in step.outputs:
            if (found := _shown(step, file, runs, left)) is not None:
                left -= len(found.data)
                shown.append(found)
    chosen, rest = _with_logs(view)
    return Contents(tuple(shown), tuple(_logs(view, chosen, runs)), rest)


def _shown(step: StepView, file: File, runs: Runs, left: int) -> Shown | None:
    """A report, whatever it is, and a picture that is any output; None for all else."""
    if file.type not in ("report", "artifact"):
        return None
    try:
        size, beginning = _begin(runs, file)
    except StoreError as error:
        return Shown(step.id, file, "left out", why=str(error)) if file.type == "report" else None
    kind, media = _kind(beginning)
    if kind != "picture" and file.type != "report":
        return None
    if kind == "text":
        return Shown(step.id, file, "text", beginning[:_TEXT], why=f"{size - _TEXT} more bytes" if size > _TEXT else "")
    if kind != "left out" and size > min(_FILE, left):
        return Shown(step.id, file, "left out", why=f"it has {size:,} bytes, too many for this page")
    if kind == "left out":
        return Shown(step.id, file, kind, why="it is neither a page nor a picture nor a text")
    return Shown(step.id, file, kind, runs.excerpt(file.uri, head=size).head, media)


def _begin(runs: Runs, file: File) -> tuple[int, bytes]:
    found = runs.excerpt(file.uri, head=_TEXT)
    return found.size, found.head


def _kind(beginning: bytes) -> tuple[Kind, str]:
    for magic, media in _PICTURES:
        if beginning.startswith(magic):
            return "picture", media
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "picture", "image/webp"
    try:
        text = beginning[: _TEXT - 4].decode()  # which may end within a character
    except UnicodeDecodeError as error:
        if error.start < len(beginning) - 8:
            return "left out", ""
        text = beginning[: error.start].decode()
    if "\0" in text:
        return "left out", ""
    start = text.lstrip("\ufeff \t\r\n")[:1000].lower()
    if start.startswith("<svg") or (start.startswith("<?xml") and "<svg" in start):
        return "picture", "image/svg+xml"
    if start.startswith(("<!doctype html", "<html")) or "<body" in start or "<head" in start:
        return "page", ""
    return "text", ""


def _with_logs(view: RunView) -> tuple[list[StepView], int]:
    """The steps whose logs are read: failed ones first to be chosen, all in the order of the run."""
    ran = [step for step in view.steps.values() if step.attempts or step.status == "running"]
    chosen = {step.id for step in sorted(ran, key=lambda step: step.status != "failed")[:_LOGS]}
    return [step for step in ran if step.id in chosen], len(ran) - len(chosen)


def _logs(view: RunView, steps: Sequence[StepView], runs: Runs) -> Iterator[Log]:
    records = runs.records(view.run_id)
    for step in steps:
        uri = records.store.uri(layout.log(records.run, step.name, step.index))
        try:
            found = runs.excerpt(uri, head=_HEAD, tail=_FAILED_TAIL if step.status == "failed" else _TAIL)
        except StoreError:  # it wrote nothing, or an orchestrator keeps its log
            continue
        if found.size:
            yield Log(step, *_ends(found), _near(uri, runs))


def _near(uri: str, runs: Runs) -> str:
    """Where a file of the store is, from the project if it is in it: a page may be sent to others."""
    return os.path.relpath(uri, runs.project) if not is_remote(uri) and Path(uri).is_relative_to(runs.project) else uri


def _ends(found: Excerpt) -> tuple[str, str, int]:
    """The two ends as text: whole, where nothing lies between them."""
    decoded: Callable[[bytes], str] = lambda part: part.decode("utf-8", "replace")  # noqa: E731
    cut = found.size - len(found.head) - len(found.tail)
    return (decoded(found.head + found.tail), "", 0) if cut <= 0 else (decoded(found.head), decoded(found.tail), cut)
