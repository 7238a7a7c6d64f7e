"""The object that the compiler sees.

In: a `Plan`. Out: findings, files. Owns nothing but the wiring to the `Target` protocol; never does the work itself.
Imports pydantic and Jinja only when asked for them. Change it when the protocol changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlspec.diagnostics import Diagnostic
from mlspec.ir.features import Feature
from mlspec.ir.model import Plan
from mlspec.targets.base import GeneratedFile, Support, Target
from mlspec.targets.jenkins.capabilities import CAPABILITIES

if TYPE_CHECKING:
    from pydantic import BaseModel


class JenkinsTarget:
    """Compiles plans to declarative Jenkinsfiles."""

    name = "jenkins"
    summary = "a declarative Jenkinsfile, one stage for each step"

    @property
    def capabilities(self) -> Mapping[Feature, Support]:
        """How each feature is done."""
        return CAPABILITIES

    @property
    def options(self) -> type[BaseModel]:
        """`targets.jenkins`."""
        from mlspec.targets.jenkins.options import JenkinsOptions

        return JenkinsOptions

    @property
    def extension(self) -> type[BaseModel] | None:
        """`x-jenkins` on a step."""
        from mlspec.targets.jenkins.options import JenkinsStep

        return JenkinsStep

    def check(self, plan: Plan) -> list[Diagnostic]:
        """Find what the capability table cannot express."""
        from mlspec.targets.jenkins.findings import check

        return check(plan)

    def waits(self, plan: Plan) -> Mapping[str, str]:
        """What steps wait for because all branches of a `parallel` are joined."""
        from mlspec.targets.jenkins.levels import barriers_of, levels_of

        return barriers_of(levels_of(plan.steps))

    def emit(self, plan: Plan) -> list[GeneratedFile]:
        """Compile to one file."""
        from mlspec.targets.jenkins.emit import emit

        return emit(plan)


TARGET: Target = JenkinsTarget()
