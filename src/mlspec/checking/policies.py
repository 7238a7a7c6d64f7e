"""`policies:`, named and kept.

In: a valid spec, and its plan. Out: findings. Owns that a name must be that of a policy, and what a policy's finding silences; the rules
themselves are `mlspec.policies`'. Change it when a spec can set rules in another way.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlspec import policies
from mlspec.diagnostics import Diagnostic
from mlspec.diagnostics.nearest import nearest
from mlspec.ir.model import Plan
from mlspec.spec.loaded import Spec
from mlspec.spec.scalars import found


def unknown_policies(spec: Spec) -> list[Diagnostic]:
    """Find the names of no policy."""
    unknown = [(index, name) for index, name in enumerate(spec.lifecycle.policies) if not policies.exists(name)]
    return [
        Diagnostic(
            "MLS204",
            f"{found(name)} is not known here",
            spec.span("policies", index),
            hint=_hint(name),
            path=f"policies.{index}",
        )
        for index, name in unknown
    ]


def _hint(name: str) -> str:
    known = policies.names()
    close = nearest(name, known)
    return f"did you mean `{close}`?" if close else f"one of {', '.join(known)}"


def broken_policies(names: Iterable[str], plan: Plan) -> list[Diagnostic]:
    """Find what breaks the policies of these names, each asked once."""
    return [finding for name in dict.fromkeys(names) for finding in policies.load(name).check(plan)]


def without_advice(findings: Iterable[Diagnostic], forbidden: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Leave out warnings about the very value that a policy forbids: the error says as much, and more."""
    places = {(finding.span, finding.path) for finding in forbidden}
    return [each for each in findings if each.severity != "warning" or (each.span, each.path) not in places]
