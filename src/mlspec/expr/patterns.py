"""Regular expressions of parameters, as RE2 reads them.

In: a pattern and a text. Out: whether the whole of it matches. Owns the one engine that patterns mean the same in, wherever they
are looked at: Python's `re` reads `\\d`, `$` and `[[:alpha:]]` otherwise, and may take for ever. Imports RE2 when it is imported itself.
Change it when patterns become another dialect.
"""

from __future__ import annotations

import re2


def matches(pattern: str, text: str) -> bool:
    """Tell whether a whole text matches; raises `ValueError` for what is no pattern.

    RE2 takes time in proportion to the text, whatever the pattern; it has no look-around and no back-references.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).fullmatch(text) is not None
    except re2.error as error:
        reason = error.args[0] if error.args else "no pattern"
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
