"""What happens when a step ends: a list of observers, each in a file of its own, gone through in order.

An observer reads an `EndedStep` and changes nothing of it. The record comes first: what follows finds it written, and its
failure is the step's. All others fail with a warning, which is printed and kept in the run. Kubeflow's executor output is none
of them: it decides the URIs in the record, a step fails without it, and processes that leave no record write it, too (see
`invocation.kubeflow`).

To add one (lineage, an audit chain, notifications): a file here with `applies` and `observe` (see `base.Observer`), its line in
`OBSERVERS`, and its test in `tests/unit/observers/`. A module is imported for the steps that its line enables only, in users'
images: standard library, and anything else inside `observe`. What it needs to know is a field of `invocation.model`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib import import_module
from typing import NamedTuple, cast

from mlspec.errors import Interrupted, StepError, StoreError, TimeLimitError, sentence
from mlspec.observers.base import EndedStep, Observer
from mlspec.store.timestamps import timestamp


class Entry(NamedTuple):
    """An observer: its module here, imported where `enabled` holds."""

    module: str
    enabled: Callable[[EndedStep], bool] = lambda _: True
    required: bool = False
    seconds: float | None = None
    """It may take long: so signals may end it, and this limit does."""


def _sends() -> bool:
    """Whether OpenLineage's own variables or file may say where events go: nothing is imported to find out that they do not."""
    return any(name.startswith("OPENLINEAGE_") for name in os.environ) or os.path.exists("openlineage.yml")  # noqa: PTH110


OBSERVERS = (
    Entry("record", required=True),
    Entry("cache", lambda ended: ended.cache_key is not None),
    Entry("noticed", lambda ended: bool(ended.noticed)),
    Entry("step_facts", lambda ended: ended.invocation.tracking.is_on or _sends()),
    Entry("mlflow", lambda ended: ended.invocation.tracking.uri is not None, seconds=90),
    Entry("openlineage", lambda ended: ended.invocation.tracking.lineage is not None or _sends(), seconds=30),
)


def notify(
    ended: EndedStep,
    warn: Callable[[str], None],
    interruptible: Callable[[float], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> None:
    """Let every observer that applies see the end of a step; raises what a required one raises, and warns of all others.

    Within `interruptible(seconds)` a signal may raise `Interrupted`, and the clock `TimeLimitError`, which end that observer and
    not the step. What is warned of is kept in the run as well: nobody looks into the log of a step that has succeeded.
    """
    warnings: list[str] = []
    for entry in OBSERVERS:
        if not entry.enabled(ended):
            continue
        try:
            warning = _observe(entry, ended, interruptible)
        except (Exception, Interrupted, TimeLimitError) as error:
            if entry.required:
                raise
            warning = f"{entry.module}: {_reason(error)}"
        if warning is not None:
            warning = ended.mask(warning)
            warn(warning)
            warnings.append(warning)
    if warnings:
        with suppress(StoreError):  # it has been printed
            place = ended.invocation.step, ended.invocation.instance_index
            ended.records.keep_warnings(*place, timestamp(ended.ending.started), warnings)


def _observe(entry: Entry, ended: EndedStep, interruptible: Callable[[float], AbstractContextManager[None]]) -> str | None:
    observer = cast(Observer, import_module(f"{__name__}.{entry.module}"))
    if not observer.applies(ended):
        return None
    with nullcontext() if entry.seconds is None else interruptible(entry.seconds):
        return observer.observe(ended)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeLimitError):
        return "it took too long"
    expected = isinstance(error, StepError | StoreError | OSError | Interrupted)
    return sentence(error) if expected else f"{type(error).__name__}: {error}"
