"""What a valid spec says: its pipelines, the options of its targets, the policies it keeps.

In: a `Spec`. Out: a `Meaning`. Owns the order of these checks: policies judge a plan, and there is one only without errors.
Never looks at the form of a spec. Change it when a valid spec is checked by another stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlspec.checking.silenced import unknown_codes
from mlspec.checking.target_options import TargetSettings, check_target_options
from mlspec.diagnostics import Diagnostic, has_errors
from mlspec.planning.check import Draft
from mlspec.planning.check import check as check_plan
from mlspec.spec.loaded import Spec

if TYPE_CHECKING:
    from mlspec.ir.model import Plan


@dataclass
class Meaning:
    """What a spec says, as far as its checks went."""

    draft: Draft | None
    settings: TargetSettings
    """What it says to targets alone."""
    findings: list[Diagnostic]

    @cached_property
    def plan(self) -> Plan | None:
        """The plan; None where the pipelines do not hold together. Made when it is first asked for: checking is quicker without."""
        if self.draft is None:
            return None
        from mlspec.planning.build import build

        return build(self.draft, self.settings.options, self.settings.extensions)


def check_meaning(spec: Spec) -> Meaning:
    """Check what a valid spec says."""
    draft, findings = check_plan(spec)
    settings, more = check_target_options(spec)
    meaning = Meaning(draft, settings, [*findings, *more])
    if spec.lifecycle.lint is not None:
        meaning.findings += unknown_codes(spec)
    if spec.lifecycle.policies:
        _check_policies(spec, meaning)
    return meaning


def _check_policies(spec: Spec, meaning: Meaning) -> None:
    from mlspec.checking.policies import broken_policies, unknown_policies, without_advice

    meaning.findings += unknown_policies(spec)
    if meaning.plan is not None and not has_errors(meaning.findings):
        forbidden = broken_policies(spec.lifecycle.policies, meaning.plan)
        meaning.findings = [*without_advice(meaning.findings, forbidden), *forbidden]
