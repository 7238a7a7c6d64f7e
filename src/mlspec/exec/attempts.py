"""Attempts at a body: run, checked, and tried again.

In: a command, outputs, the retry policy. Out: outputs made and checked, or `StepError`; the number of attempts in `Ending`.
Owns what counts as a failed attempt and the delays between attempts; never publishes anything. Standard library only.
Change it when the meaning of `retry` or `timeout` changes.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mlspec.errors import StepError
from mlspec.exec.artifacts import Outputs
from mlspec.exec.groups import End, Supervisor
from mlspec.ir.bodies import Retry
from mlspec.store.records import Ending


class Job(NamedTuple):
    """What one attempt runs. `reply` is where `python_body.py` says what went wrong, if it does."""

    command: Sequence[str]
    environment: Mapping[str, str]
    timeout: float | None
    reply: Path | None


def attempt(
    job: Job, outputs: Outputs, retry: Retry, ending: Ending, supervisor: Supervisor, report: Callable[[str], None]
) -> None:
    """Try until an attempt succeeds; raises the last one's `StepError` when none does. Failed ones leave nothing behind."""
    delay = retry.delay
    while True:
        ending.attempts += 1
        ending.exit_code = None
        outputs.prepare()
        try:
            _once(job, ending, supervisor)
            outputs.check()
            return
        except StepError as error:
            outputs.discard()
            if ending.attempts > retry.limit:
                raise
            pause = delay if retry.max_delay is None else min(delay, retry.max_delay)
            report(f"attempt {ending.attempts} of {retry.limit + 1} failed: {error}; the next starts in {pause:g} s")
            time.sleep(pause)
            delay *= retry.factor


def _once(job: Job, ending: Ending, supervisor: Supervisor) -> None:
    if job.reply is not None:
        job.reply.unlink(missing_ok=True)
    end = supervisor.run(job.command, job.environment, job.timeout)
    # As shells have it, so that the number means the same whichever process of the body a signal ended.
    ending.exit_code = 128 - end.exit_code if end.exit_code < 0 else end.exit_code
    if end.timed_out or end.exit_code:
        raise StepError(_reason(job, end))


def _reason(job: Job, end: End) -> str:
    if end.timed_out:
        return f"it took longer than its timeout of {job.timeout:g} s"
    if job.reply is not None and job.reply.exists():
        return str(json.loads(job.reply.read_bytes())["error"])
    if end.exit_code < 0:
        return f"its process was ended by {signal.Signals(-end.exit_code).name}"
    return f"its process ended with exit status {end.exit_code}"
