"""What was noticed of a step: files that it opened and nobody declared, inputs that are not those that were locked.

In: an ended step with these sentences. Out: the same as a warning, which the run keeps. Never looks itself (see `exec.step`).
Standard library only. Change it when what was noticed goes elsewhere.
"""

from __future__ import annotations

from mlspec.observers.base import EndedStep


def applies(ended: EndedStep) -> bool:
    """A step of which there is something to say."""
    return bool(ended.noticed)


def observe(ended: EndedStep) -> str | None:
    """Say it."""
    return "; ".join(ended.noticed)
