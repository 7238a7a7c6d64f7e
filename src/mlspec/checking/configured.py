"""What the targets that a spec configures say to its plan.

In: a checked spec. Out: their refusals and warnings. Owns which targets are asked: those under `targets:`, for others only `compile` is
told. Never compiles. Change it when a spec can say in another way where it runs.
"""

from __future__ import annotations

from mlspec.checking.check import Checked
from mlspec.checking.suppression import unsuppressed
from mlspec.diagnostics import Diagnostic


def check_configured(checked: Checked, *, strict: bool = False) -> list[Diagnostic]:
    """Find what the configured targets refuse, and what they do otherwise; nothing where there is no plan."""
    if checked.spec is None or not checked.spec.lifecycle.targets:
        return []  # before a plan is made, which costs as much as all the rest
    plan = checked.plan
    if plan is None or not plan.target_options:
        return []
    from mlspec.lowering import lower
    from mlspec.targets.base import refusals, targets

    lowered, found = lower(plan), list[Diagnostic]()
    if "split" in plan.target_options:
        message = "nothing is split yet: each target gets the whole lifecycle"
        span = plan.option_spans.get("split") or checked.spec.key_span("targets", "split") if checked.spec else None
        if span is not None:
            found.append(Diagnostic("MLS507", message, span, severity="warning", path="targets.split", hint=_REMOVE))
    for name in targets():
        if name in plan.target_options:
            target = targets()[name]
            found += refusals(lowered, target) or target.check(lowered)
    return unsuppressed(checked.document, checked.spec, found, strict=strict)


_REMOVE = "compile to one target, or keep a lifecycle for each"
