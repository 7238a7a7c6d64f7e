"""What a spec that does not validate says wrong beside its mistakes of form.

In: its tree and the findings that it does not validate for. Out: errors of meaning that are none of those once more. Owns which of
them count; never judges (the caller's check does). Change it when one mistake hides others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlspec.checking.meaning import Meaning
from mlspec.checking.target_options import language_of
from mlspec.diagnostics import Diagnostic
from mlspec.source import Document, Node
from mlspec.spec.loaded import Spec
from mlspec.spec.recovery import recover
from mlspec.spec.validate import validate


def hidden_findings(
    document: Document,
    root: Node,
    known: Sequence[Diagnostic],
    check_meaning: Callable[[Spec], Meaning],
) -> list[Diagnostic]:
    """Errors of meaning in a spec that does not validate, as far as they are none of those `known` once more."""
    # Of so many mistakes of form not all are known: none of them could be left out.
    if any(finding.more for finding in known):
        return []
    recovered = recover(root, known)
    lifecycle = validate(recovered, language_of(recovered))[0] if recovered is not None else None
    if recovered is None or lifecycle is None:
        return []
    spec = Spec(lifecycle, document, recovered)
    places = {(finding.span.file, finding.span.line, finding.span.column) for finding in known}
    return [
        finding
        for finding in check_meaning(spec).findings
        if finding.severity == "error" and (finding.span.file, finding.span.line, finding.span.column) not in places
    ]
