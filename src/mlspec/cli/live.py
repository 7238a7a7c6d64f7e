"""What runs now, at the foot of a terminal: a line for each running step, with its time and the last line that it wrote.

In: starts, lines and ends of steps. Out: lines that are drawn anew once a second and vanish before anything else is printed.
Owns the cursor of the terminal while something runs; draws nothing where nobody watches. Never decides anything.
Change it when what runs should look different.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from shutil import get_terminal_size
from types import TracebackType

import click

from mlspec.cli import output
from mlspec.diagnostics.printable import printed, word
from mlspec.durations import clock_text

_MOST = 8
"""Steps that have a line; of more their number is said."""
_EVERY = 1.0
_UP_AND_CLEAR = "\x1b[A\x1b[2K"


def is_possible(*, quiet: bool, verbose: bool) -> bool:
    """Whether people watch a terminal that can go up a line, and have not asked for less, or for all lines."""
    return not quiet and not verbose and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


@dataclass
class _Running:
    since: float = field(default_factory=time.monotonic)
    last: str = ""


class Live:
    """The foot. Use it as a context manager: at its end nothing of it is left."""

    def __init__(self, *, left: object = "", enabled: bool, colour: bool) -> None:
        """`left` says in its text how much of the run is left, where that is known."""
        self._left = left
        self._order: dict[str, int] = {}
        self._ended: Counter[str] = Counter()
        self._enabled = enabled
        self._colour = colour
        self._running: dict[str, _Running] = {}
        self._drawn = 0
        self._columns = 0
        self._held = False
        self._lock = threading.RLock()
        self._over = threading.Event()

    def __enter__(self) -> Live:
        if self._enabled:
            threading.Thread(target=self._redraw, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        if self._lock.acquire(timeout=_EVERY):  # it is held where a terminal has stopped in the middle of a line
            self._clear()
            self._running.clear()
            self._lock.release()

    def expect(self, steps: Sequence[str]) -> None:
        """These are to run, in the order in which they are shown."""
        self._order = {step: number for number, step in enumerate(steps)}

    def start(self, step: str) -> None:
        """A step runs from now on."""
        with self._lock:
            self._running[step] = _Running()

    def say(self, step: str, line: str) -> None:
        """It wrote a line; shown with the next drawing, for it may write thousands a second."""
        if line.strip() and step in self._running:
            self._running[step].last = line

    def end(self, step: str, how: str = "") -> None:
        """It runs no more; `how` it ended is counted."""
        with self._lock:
            self._running.pop(step, None)
            if how:
                self._ended[how] += 1

    def hold(self) -> None:
        """Draw nothing until `release`: somebody types below."""
        with self._lock:
            self._clear()
            self._held = True

    def release(self) -> None:
        """Draw again."""
        self._held = False

    @property
    def is_drawn(self) -> bool:
        """Whether somebody sees it."""
        return self._enabled

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let something be printed meanwhile: the foot makes room, and comes again below it."""
        if not self._enabled:
            yield
            return
        with self._lock:
            self._clear()
            yield
            self._draw()

    def _redraw(self) -> None:
        while not self._over.wait(_EVERY):
            try:
                with self._lock:
                    if not self._over.is_set() and output.takes_more():
                        self._clear()
                        self._draw()
            except OSError:  # the terminal has gone; the run goes on
                return

    def _clear(self) -> None:
        if self._drawn and self._columns > get_terminal_size().columns:
            self._drawn = 0  # what was drawn wraps now, nobody knows over how many lines: better left than too much taken away
        if self._drawn:
            sys.stdout.write(_UP_AND_CLEAR * self._drawn)
            self._drawn = 0
            sys.stdout.flush()

    def _draw(self) -> None:
        if self._held:
            return
        self._columns = get_terminal_size().columns
        width = self._columns - 1
        running = sorted(self._running.items(), key=lambda item: self._place(item[0]))
        most = min(_MOST, max(1, get_terminal_size().lines - 3))
        lines = [self._line(step, now) for step, now in running[:most]]
        if len(running) > most:
            lines.append(f"  and {len(running) - most} more")
        if running and self._order:
            left = str(self._left)
            lines.append(f"  {self._summary(len(running))}" + (f"; {left}" if left else ""))
        for line in lines:
            text = _cut(line, width)
            click.echo(click.style(text, dim=True) if self._colour else text, color=self._colour)
        self._drawn = len(lines)
        sys.stdout.flush()

    def _place(self, step: str) -> int:
        """Where it stands in the graph; an instance of a foreach where its step does."""
        last = len(self._order)
        return self._order.get(step, self._order.get(step.partition("[")[0], last))

    def _summary(self, running: int) -> str:
        """How far the run is: what has ended, and how; what runs; what has not begun. A fan-out grows as it begins."""
        ended = sum(self._ended.values())
        left = max(0, len(self._order) - ended - running)
        states = [f"{number} {state}" for state, number in self._ended.items()]
        return ", ".join([*states, f"{running} running", *([f"{left} to go"] if left else [])])

    def _line(self, step: str, now: _Running) -> str:
        said = f"  {printed(now.last).strip()}" if now.last else ""
        return f"… {word(step)} {clock_text(time.monotonic() - now.since)}{said}"


def _cut(text: str, width: int) -> str:
    """As much of a text as fits into `width` columns: a line that wraps could not be taken away again."""
    used = 0
    for place, character in enumerate(text):
        used += 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > width:
            return text[: max(place - 1, 0)] + "…"
    return text
