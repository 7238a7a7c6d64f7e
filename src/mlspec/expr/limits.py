"""What a parameter's limits say of a value, the same when a spec is checked and when a run is started.

In: a parameter's attributes and a JSON value. Out: what the value breaks, in words. Owns type, bounds, `enum` and `pattern`.
Never knows where the value came from. Change it when a parameter learns another limit.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from mlspec.expr.values import compact, is_a


class Limited(Protocol):
    """A parameter: of the spec or of the plan."""

    @property
    def type(self) -> str:
        """string, integer, number, boolean, list or object."""

    @property
    def minimum(self) -> float | None:
        """The least a number may be."""

    @property
    def maximum(self) -> float | None:
        """The most a number may be."""

    @property
    def enum(self) -> Collection[Any]:
        """The only values there are; any when empty."""

    @property
    def pattern(self) -> str | None:
        """A regular expression that a whole string must match."""


def violation(limits: Limited, value: Any) -> str | None:
    """Say what a value breaks (`0.2 is below its minimum 0.5`); None when nothing."""
    shown = compact(value) if len(compact(value)) <= 60 else compact(value)[:57] + "…"
    if not is_a(value, limits.type):
        return f"{shown} is not of its type {limits.type}"
    if limits.minimum is not None and not value >= limits.minimum:
        return f"{shown} is below its minimum {limits.minimum:g}"
    if limits.maximum is not None and not value <= limits.maximum:
        return f"{shown} is above its maximum {limits.maximum:g}"
    if limits.enum and value not in limits.enum:
        return f"{shown} is none of {', '.join(map(compact, limits.enum))}"
    if limits.pattern is not None and not matches(limits.pattern, value):
        return f"{shown} does not match its pattern `{limits.pattern}`"
    return None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a whole text matches; raises `ValueError` for what is no pattern.

    RE2 takes time in proportion to the text, whatever the pattern; it has no look-around and no back-references.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).fullmatch(text) is not None
    except re2.error as error:
        reason = error.args[0] if error.args else "no pattern"
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
