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
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mlspec.errors import StepError, TimeLimitError
from mlspec.exec.artifacts import Outputs
from mlspec.exec.groups import LONGEST, End, Supervisor
from mlspec.ir.bodies import Retry
from mlspec.store.ending import Ending


class Job(NamedTuple):
    """What each attempt runs: its command and environment, made when its outputs have places. `reply` is where `python_body.py`
    says what went wrong, if it does. `note_next` is told that another attempt follows.
    """

    command: Callable[[], tuple[Sequence[str], Mapping[str, str]]]
    timeout: float | None
    reply: Path | None
    note_next: Callable[[], None]


def attempt(
    job: Job, outputs: Outputs, retry: Retry, ending: Ending, supervisor: Supervisor, report: Callable[[str], None]
) -> None:
    """Try until an attempt succeeds; raises the last one's `StepError` when none does. Failed ones leave nothing behind.

    `ending` has the attempts of processes that vanished: those of them that had ended themselves count as retries.
    """
    failed = ending.attempts - ending.lost
    delay = retry.delay
    for _ in range(min(failed, retry.limit)):
        delay *= retry.factor
    while True:
        outputs.prepare()
        command, environment = job.command()
        ending.attempts += 1
        ending.exit_code = None
        try:
            _once(job, command, environment, outputs, ending, supervisor)
            return
        except StepError as error:
            outputs.discard()
            failed += 1
            if failed > retry.limit:
                raise
            pause = delay if retry.max_delay is None else min(delay, retry.max_delay)
            last = retry.limit + 1 + ending.lost
            report(f"attempt {ending.attempts} of {last} failed: {error}; the next starts in {pause:g} s")
            job.note_next()
            time.sleep(min(pause, LONGEST))
            delay *= retry.factor


def _once(
    job: Job,
    command: Sequence[str],
    environment: Mapping[str, str],
    outputs: Outputs,
    ending: Ending,
    supervisor: Supervisor,
) -> None:
    if job.reply is not None:
        job.reply.unlink(missing_ok=True)
    start = time.monotonic()
    end = supervisor.run(command, environment, job.timeout)
    # As shells have it, so that the number means the same whichever process of the body a signal ended.
    ending.exit_code = 128 - end.exit_code if end.exit_code < 0 else end.exit_code
    if end.timed_out or end.exit_code:
        raise StepError(_reason(job, end))
    try:
        with supervisor.within(None if job.timeout is None else job.timeout - (time.monotonic() - start)):
            outputs.check()
    except TimeLimitError:
        raise StepError(f"it took longer than its timeout of {job.timeout:g} s, with the digests of its outputs") from None


def _reason(job: Job, end: End) -> str:
    if end.timed_out:
        return f"it took longer than its timeout of {job.timeout:g} s"
    if job.reply is not None and job.reply.exists():
        with suppress(ValueError, KeyError, TypeError):  # it was cut short, by a full disk
            return str(json.loads(job.reply.read_bytes())["error"])
    if end.exit_code < 0:
        return f"its process was ended by {signal.Signals(-end.exit_code).name}"
    return f"its process ended with exit status {end.exit_code}"
