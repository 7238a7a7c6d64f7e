"""How times, numbers and digests of runs are written, wherever people read them.

In: values of a `RunView`. Out: short texts. Owns their form, the same in a terminal, in Markdown and on a page; never escapes for any
of these. Change it when one of them should read differently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mlspec.expr.values import as_text
from mlspec.history.model import StepView
from mlspec.terms import Json

_DIGEST = len("sha256:") + 12
_VALUE = 60


def took(seconds: float | None) -> str:
    """A duration: `0.4 s`, `3 min 07 s`, `2 h 05 min`, `3 d 04 h`; nothing where nobody knows it."""
    if seconds is None:
        return ""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def moment(timestamp: str | None) -> str:
    """A time of a record, to the second, in UTC: `2026-12-01 03:36:32`."""
    return (timestamp or "")[: len("2026-12-01T03:36:32")].replace("T", " ")


def digest(full: str | None) -> str:
    """As much of a digest as tells two apart."""
    return (full or "")[:_DIGEST]


def figure(value: Json) -> str:
    """A number with six digits at most, so that columns can be compared; anything else as the language writes it, if it is short."""
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return f"{value:.6g}"
    text = as_text(value)
    return text if len(text) <= _VALUE else text[: _VALUE - 1] + "…"


def counts(steps: Iterable[StepView]) -> str:
    """How many steps are in which state: `3 succeeded, 1 failed`."""
    return ", ".join(f"{number} {state}" for state, number in Counter(step.status for step in steps).items())


def note(step: StepView) -> str:
    """What is worth saying of how a step went, apart from its state: attempts, the cache, the first line of its error."""
    notes = ["from the cache"] if step.cached_from is not None else []
    notes += [f"{step.attempts} attempts"] if step.attempts > 1 else []
    notes += [step.error.strip().split("\n")[0]] if step.error else []
    return ", ".join(notes)
