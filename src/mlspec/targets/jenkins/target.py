"""The object that the compiler sees.

In: a `Plan`. Out: findings, files. Owns nothing but the wiring to the `Target` protocol; never does the work itself.
Imports what checks and emits only when asked for it. Change it when the protocol changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mlspec.diagnostics import Diagnostic
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile, Target
from mlspec.targets.jenkins.capabilities import CAPABILITIES
from mlspec.targets.jenkins.options import JenkinsOptions, JenkinsSecret, JenkinsStep
from mlspec.targets.secret_forms import KUBERNETES, KubernetesSecret


class JenkinsTarget(Target):
    """Compiles plans to declarative Jenkinsfiles."""

    name = "jenkins"
    summary = "a declarative Jenkinsfile, one stage for each step"
    capabilities = CAPABILITIES
    options = JenkinsOptions
    extension = JenkinsStep
    step_hints = MappingProxyType({"agent": "write `x-jenkins: {label: …}`"})
    secret_forms = MappingProxyType({KUBERNETES: KubernetesSecret, "jenkins": JenkinsSecret})
    catalogue = Path(__file__).parent / "catalogue"
    review_limits = MappingProxyType({"default": 1, "renaming": 8, "setting": 2, "description": 1, "needs": 1})

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.jenkins.findings import check

        return check(plan)

    def waits(self, plan: Plan) -> Mapping[str, str]:
        """What steps wait for because all branches of a `parallel` are joined."""
        from mlspec.targets.jenkins.levels import barriers_of, levels_of

        return barriers_of(levels_of(plan.steps))

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to `<lifecycle>.Jenkinsfile`."""
        from mlspec.targets.jenkins.emit import emit

        return emit(plan)


TARGET: Final[Target] = JenkinsTarget()
