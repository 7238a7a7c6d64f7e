"""Text that passes through Kubeflow, which expands `{{ … }}`, and Kubernetes, which expands `$(NAME)` and `$$`, as it went in.

In and out: strings. Owns the pair `guard`/`unguard`: guarded text holds none of `{{`, `$(` and `$$`, so that it may be expanded
any number of times: KFP's drivers hand a step's words on in words of their own. Standard library only: the step process
imports it. Change both together, and docs/step-process.md with them.
"""

import re

_OPENING = re.compile(r"(?<=\{)(?=~*\{)|(?<=\$)(?=~*[$(])")
_GUARD = re.compile(r"(?<=\{)~(?=~*\{)|(?<=\$)~(?=~*[$(])")


def guard(text: str) -> str:
    """Write `{{` as `{~{`, `$(` as `$~(`, `$$` as `$~$`, and what looks like one of these with one `~` more."""
    if "~" in text or "{{{" in text or "$$" in text:  # what is guarded already, or overlaps
        return _OPENING.sub("~", text)
    return text.replace("{{", "{~{").replace("$(", "$~(") if "{" in text or "$" in text else text


def unguard(text: str) -> str:
    """Undo `guard`."""
    return _GUARD.sub("", text) if "~" in text else text
