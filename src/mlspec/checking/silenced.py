"""`lint: ignore`, whose codes must be some that there are.

In: a valid spec. Out: findings. Owns nothing else; what the codes silence is `suppression`'s. Change it when findings are silenced by more.
"""

from __future__ import annotations

import re

from mlspec.diagnostics import Diagnostic
from mlspec.diagnostics.nearest import nearest
from mlspec.diagnostics.retired import RETIRED
from mlspec.spec.loaded import Spec
from mlspec.spec.scalars import found

_OURS = re.compile(r"MLS\d{3}")


def unknown_codes(spec: Spec) -> list[Diagnostic]:
    """Find what is no code of a finding. Codes of packages that are not installed here are let pass."""
    lint = spec.lifecycle.lint
    if lint is None or not lint.ignore:
        return []
    from mlspec.checking.catalogue import catalogue

    known = [*catalogue().codes, *RETIRED]
    return [
        Diagnostic(
            "MLS204",
            f"{found(code)} is no code of a finding",
            spec.span("lint", "ignore", index),
            hint=_hint(code, known),
            path=f"lint.ignore.{index}",
            severity="warning",
        )
        for index, code in enumerate(lint.ignore)
        if code not in known and (_OURS.fullmatch(code) or not re.fullmatch("[A-Z]{2,8}[0-9]{3}", code))
    ]


def _hint(code: str, known: list[str]) -> str:
    close = nearest(code.upper(), known)
    return f"did you mean `{close}`?" if close else "findings show theirs: `warning MLS601: …`"
