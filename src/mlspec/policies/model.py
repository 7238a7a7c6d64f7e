"""What a policy is.

In: nothing. Out: `Policy`, and the finding that says it is broken. Owns the form that policies of every package have; never judges.
Change it when a policy must say more about itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mlspec.diagnostics import Diagnostic, Span
from mlspec.ir.model import Plan


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule. It is asked only about plans without errors."""

    name: str
    """The word under `policies:`."""
    summary: str
    """One sentence that says what holds where it is kept; editors show it beside the name."""
    check: Callable[[Plan], Iterable[Diagnostic]]
    """What of a plan, and of its monitoring pipeline, breaks the rule: a pure function."""


def broken(message: str, span: Span | None, hint: str, path: str, plan: Plan) -> Diagnostic:
    """The finding of a broken policy; a message names the policy. Without a span it is at the top of the file."""
    return Diagnostic("MLS604", message, span or Span(plan.spec_file, 1, 1, 1, 1), hint=hint, path=path)
