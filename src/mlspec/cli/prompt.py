"""Answers that people type while a run goes on: beside `mlspec approve`, where somebody sits at the terminal.

In: questions of the run, lines from the terminal. Out: answers in the store, as `mlspec approve` gives them. Owns which question a line
is the answer to, and when the terminal may be read at all; never waits in the thread of the run, and never decides who may answer.
Change it when people should be asked differently.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from pathlib import Path

import click

from mlspec.cli import output
from mlspec.cli.approve import who
from mlspec.cli.live import Live
from mlspec.diagnostics.printable import word
from mlspec.engine import RunError, Runs, StoreError
from mlspec.engine.approvals import answer
from mlspec.ir.model import Plan

_YES, _NO = ("y", "yes"), ("n", "no")
_POLL_SECONDS = 0.3


def can_ask() -> bool:
    """Whether somebody can read the question and type an answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _is_in_foreground(descriptor: int) -> bool:
    """Whether we may read: in the background that would stop the whole run (SIGTTIN). A terminal that controls nobody stops nobody."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return True


class Prompt:
    """Asks the questions of a run, one at a time."""

    def __init__(self, live: Live, plan: Plan, folder: Path) -> None:
        self._live = live
        self._runs = Runs(plan.lifecycle, plan.store, folder.resolve())
        self._run_id = ""
        self._open: list[str] = []
        self._stands = False
        self._thread: threading.Thread | None = None

    def ask(self, run_id: str, step: str) -> None:
        """Ask on the terminal, too; the question itself has been printed."""
        self._run_id = run_id
        self._open.append(step)
        self._live.hold()
        if len(self._open) == 1:
            self._show()
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()

    def forget(self, step: str) -> None:
        """The question has its answer, wherever it came from, or its time is up."""
        if step not in self._open:
            return
        asked = self._open[0] == step
        if asked and self._stands:
            click.echo()
            self._stands = False
        self._open.remove(step)
        if not self._open:
            self._live.release()
        elif asked:
            self._show()

    def _show(self) -> None:
        click.echo(f"  approve {word(self._open[0])}? [yes/no] ", nl=False)
        sys.stdout.flush()
        self._stands = True

    def _read(self) -> None:
        with suppress(OSError, ValueError):  # the terminal has gone: `mlspec approve` is left
            descriptor, typed = sys.stdin.fileno(), b""
            while True:
                waits = self._open and _is_in_foreground(descriptor)
                if not select.select([descriptor] if waits else [], [], [], _POLL_SECONDS)[0]:
                    continue
                if not (read := os.read(descriptor, 4096)):
                    return
                *lines, typed = (typed + read).split(b"\n")
                for line in lines:
                    self._take(line.decode("utf-8", "replace").strip().lower())

    def _take(self, said: str) -> None:
        self._stands = False  # the line was ended by who typed
        if not self._open:
            return
        if said not in (*_YES, *_NO):
            self._show()
            return
        step = self._open[0]
        try:
            answer(self._runs, self._run_id, step, approved=said in _YES, by=who())
        except (RunError, StoreError) as error:  # somebody else was quicker, or the store is out of reach
            output.say(f"  {error}")
