"""Steps for which nothing is to be done but to take what equal steps have made: without a process of their own.

In: the arguments of a step process. Out: whether that was all, and then the record as that process would have written it. Owns which
steps are tried so, and for how long it is worth it; what cannot be done is left as if it had not been tried. Standard library only.
Change it when a step does more, or something else, before it looks for an equal one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from mlspec.errors import StepError, StoreError, UsageError
from mlspec.exec.artifacts import Scratch
from mlspec.exec.cache import applies
from mlspec.exec.groups import Supervisor
from mlspec.exec.step import Step
from mlspec.exec.verdict import Verdict
from mlspec.invocation.model import Invocation, Start
from mlspec.invocation.parse import parse
from mlspec.observers import notify
from mlspec.observers.base import EndedStep
from mlspec.store import layout
from mlspec.store.filesystem import is_remote, open_store
from mlspec.store.records import Records

_LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read here: while one process reads larger ones, others that could are kept waiting."""
_WASTE = 0.3
"""Seconds that searches may take in vain, each of which is done again by a process."""


class Reuse:
    """Takes what equal steps have made, one step at a time, as long as there are some."""

    def __init__(self) -> None:
        self._left = _WASTE
        self._any = False

    def take(self, arguments: list[str], write: Callable[[str], None]) -> bool:
        """Do a step without a process; returns whether that could be. `write` gets the lines that the process would have written."""
        if self._left <= 0 or not any(word.partition("=")[0] == "--cache" for word in arguments):
            return False
        began, scratch, step = time.monotonic(), Scratch(), None
        try:
            invocation = parse(arguments)
            if not _is_plain(invocation):
                return False
            os.chdir(invocation.run.project or ".")
            run = invocation.run

            def report(message: str, label: str = invocation.label) -> None:
                write(f"mlspec: step {label}: {message}\n")

            records = Records(open_store(run.store), run.lifecycle, run.run_id)
            if not self._any and not records.store.names(layout.cache_folder(run.lifecycle)):
                self._left = 0
                return False
            self._any = True
            step = Step(invocation, records, Verdict(records), scratch, Supervisor(), report)
            if step.reuse(_LARGEST):
                key, parts = step.cache_key or (None, {})
                notify(
                    EndedStep(invocation, step.ending, records, step.metrics, key, parts, tuple(step.noticed), later=True),
                    report,
                )
                return True
        except (UsageError, StepError, StoreError, OSError, ValueError):  # which the process will find again, and say
            if step is not None:
                with suppress(OSError):
                    step.outputs.discard()
        finally:
            scratch.clear()
        self._left -= time.monotonic() - began
        return False


def _is_plain(invocation: Invocation) -> bool:
    """Whether it looks for an equal step, and does nothing else that takes a process of its own: secrets, a server, a remote store."""
    run, wiring, start = invocation.run, invocation.wiring, invocation.start
    values = [uri for _, uris in wiring.values for uri in ((uris,) if isinstance(uris, str) else uris)]
    return (
        applies(invocation)
        and start == Start(run_status=start.run_status)
        and not (wiring.items or wiring.secrets or wiring.secret_files or wiring.secret_contents)
        and invocation.tracking.uri is None
        and run.executor_input is None
        and not any(map(is_remote, (run.store, *values)))
    )
