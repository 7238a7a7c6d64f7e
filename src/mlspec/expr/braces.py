"""Text that passes through an orchestrator which expands `{{ … }}`, and comes out as it went in.

In and out: strings. Owns the pair `guard`/`unguard`: guarded text holds no `{{`. Standard library only: the step
process imports it. Change both together, and docs/step-process.md with them.
"""

import re

_OPEN = re.compile(r"\{(?=~*\{)")
_GUARDED = re.compile(r"\{~(?=~*\{)")


def guard(text: str) -> str:
    """Write `{{` as `{~{`, and `{~{` with one `~` more."""
    return _OPEN.sub("{~", text) if "{" in text else text


def unguard(text: str) -> str:
    """Undo `guard`."""
    return _GUARDED.sub("{", text) if "{~" in text else text
