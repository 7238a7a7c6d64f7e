"""What happens when a step ends: a list of observers, each in a file of its own, gone through in order.

An observer reads an `EndedStep` and changes nothing of it. The record comes first: what follows finds it written, and its
failure is the step's. All others fail with a warning. Kubeflow's executor output is none of them: it decides the URIs in the
record, a step fails without it, and processes that leave no record write it, too (see `invocation.kubeflow`).

To add one (lineage, an audit chain, notifications): a file here with `applies` and `observe` (see `base.Observer`), its line in
`OBSERVERS`, and its test in `tests/unit/observers/`. A module is imported for the steps that its line enables only, in users'
images: standard library, and anything else inside `observe`. What it needs to know is a field of `invocation.model`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import NamedTuple, cast

from mlspec.errors import Interrupted, StepError, StoreError, sentence
from mlspec.observers.base import EndedStep, Observer


class Entry(NamedTuple):
    """An observer: its module here, imported where `enabled` holds. `interruptible`: it may take long, so signals may end it."""

    module: str
    enabled: Callable[[EndedStep], bool] = lambda _: True
    required: bool = False
    interruptible: bool = False


OBSERVERS = (
    Entry("record", required=True),
    Entry("cache", lambda ended: ended.cache_key is not None),
    Entry("mlflow", lambda ended: ended.invocation.tracking.uri is not None, interruptible=True),
)


def notify(
    ended: EndedStep,
    warn: Callable[[str], None],
    interruptible: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Let every observer that applies see the end of a step; raises what a required one raises, and warns of all others.

    Within `interruptible` a signal may raise `Interrupted`, which ends that observer and not the step.
    """
    for entry in OBSERVERS:
        if not entry.enabled(ended):
            continue
        try:
            warning = _observe(entry, ended, interruptible if entry.interruptible else nullcontext)
        except (Exception, Interrupted) as error:
            if entry.required:
                raise
            warning = f"{entry.module}: {_reason(error)}"
        if warning is not None:
            warn(warning)


def _observe(entry: Entry, ended: EndedStep, interruptible: Callable[[], AbstractContextManager[None]]) -> str | None:
    observer = cast(Observer, import_module(f"{__name__}.{entry.module}"))
    if not observer.applies(ended):
        return None
    with interruptible():
        return observer.observe(ended)


def _reason(error: BaseException) -> str:
    expected = isinstance(error, StepError | StoreError | OSError | Interrupted)
    return sentence(error) if expected else f"{type(error).__name__}: {error}"
