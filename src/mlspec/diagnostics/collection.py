"""Findings collected while a plan is made.

In: codes, words and positions. Out: a list of diagnostics. Owns nothing but the list and the wording of suggestions.
Never decides what is wrong. Change it when every finding of the plan must carry more.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.diagnostics import Diagnostic, Related, Severity, Span
from mlspec.diagnostics.nearest import nearest

MAX_ERRORS = 2000
"""Errors after which a plan is given up: more of them help nobody, and each costs time."""
_MOST_LISTED = 8


class TooManyError(Exception):
    """There are `MAX_ERRORS` errors; the last one says so."""


class Findings(list[Diagnostic]):
    """A list that findings are added to by what they say."""

    errors = 0

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        hint: str | None = None,
        *,
        path: Iterable[str | int] = (),
        related: tuple[Related, ...] = (),
        severity: Severity = "error",
    ) -> None:
        """Add one finding at `span`; `path` is its place in the spec. Raises `TooManyError` with the last that is taken."""
        address = ".".join(str(part) for part in path)
        self.errors += severity == "error"
        if self.errors == MAX_ERRORS:
            hint = f"{hint + '; ' if hint else ''}with {MAX_ERRORS:,} errors the search for more ends here"
        self.append(Diagnostic(code, message, span, severity, hint, related, address))
        if self.errors == MAX_ERRORS:
            raise TooManyError

    def warn(self, code: str, message: str, span: Span, hint: str | None = None, *, path: Iterable[str | int] = ()) -> None:
        """Add one warning."""
        self.add(code, message, span, hint, path=path, severity="warning")


def did_you_mean(word: str, known: Iterable[str], prefix: str = "", nothing: str | None = None) -> str | None:
    """Suggest the nearest name, or list the few there are; `nothing` is said when there are none."""
    candidates = list(known)
    close = nearest(word, candidates)
    if close is not None:
        return f"did you mean `{prefix}{close}`?"
    if not candidates:
        return nothing
    if len(candidates) <= _MOST_LISTED:
        return f"known: {', '.join(f'`{prefix}{name}`' for name in candidates)}"
    return None
