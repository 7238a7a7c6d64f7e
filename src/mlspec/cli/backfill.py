"""The runs of `mlspec run --backfill`, one after the other.

In: what each is for, and a function that runs one. Out: lines between the runs and at the end, an exit status. Owns when to stop and
what to type for the rest; never which runs there are (see `mlspec.engine.backfill`). Change it when a backfill should tell more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlspec.cli import output
from mlspec.engine import RunOutcome
from mlspec.terms import DONE, FINDINGS


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill up to `last`; `command` begins what makes the rest of it."""

    command: str
    last: str
    quiet: bool
    err: bool = False
    """Whether standard output is for other things."""

    def run(self, dates: Sequence[str], run_for: Callable[[str], RunOutcome], *, keep_going: bool) -> int:
        """Make the runs, the oldest first, up to the first failure unless it is to `keep_going`."""
        failed = dict[str, str]()
        done = 0
        try:
            for number, date in enumerate(dates, 1):
                self._say(f"{'' if number == 1 else chr(10)}{date}: {number} of {len(dates)}")
                result = run_for(date)
                done = number
                if result.status != "succeeded":
                    failed[date] = result.run_id
                    if not keep_going:
                        break
        except KeyboardInterrupt:
            self._rest(dates[done + 1 :])
            raise
        self._say(f"\n{done - len(failed)} of {len(dates)} runs succeeded")
        for date, run_id in failed.items():
            output.say(f"failed: {date}, run {run_id}", err=self.err)
        if failed:
            self._rest(dates[done:])
        return FINDINGS if failed else DONE

    def _rest(self, dates: Sequence[str]) -> None:
        if dates:
            self._say(f"{len(dates)} did not start: {self.command} --backfill {dates[0]}..{self.last}")

    def _say(self, text: str) -> None:
        if not self.quiet:
            output.say(text, flush=True)
