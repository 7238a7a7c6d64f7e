"""All that is known of a spec, and every finding.

In: the path or the text of a spec, and the project it is in. Out: a `Checked`: as far as its stages went, and their findings in
order. Owns which stages a spec goes through; never raises for what a spec says. Change it when a spec goes through another stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlspec.checking.hidden import hidden_findings
from mlspec.checking.suppression import unsuppressed
from mlspec.checking.target_options import TargetSettings, check_target_options, language_of, with_target_hints
from mlspec.diagnostics import Diagnostic, has_errors, in_order
from mlspec.planning.check import Draft
from mlspec.planning.check import check as check_plan
from mlspec.source import Document, assemble
from mlspec.source.project import Project
from mlspec.spec import leaks
from mlspec.spec.loaded import Spec
from mlspec.spec.validate import validate

if TYPE_CHECKING:
    from mlspec.ir.model import Plan


@dataclass
class Checked:
    """All that is known of a spec: as far as its stages went, and their findings in order."""

    document: Document
    spec: Spec | None = None
    draft: Draft | None = None
    settings: TargetSettings = field(default_factory=TargetSettings)
    """What it says to targets alone."""
    findings: list[Diagnostic] = field(default_factory=list)

    @cached_property
    def plan(self) -> Plan | None:
        """The plan; None where a finding is an error. Made when it is first asked for: checking alone is quicker without."""
        if self.draft is None or has_errors(self.findings):
            return None
        from mlspec.planning.build import build

        return build(self.draft, self.settings.options, self.settings.extensions)


def check(
    path: str | Path,
    *,
    profile: str | None = None,
    sets: Iterable[str] = (),
    text: str | None = None,
    strict: bool = False,
    project: Project | None = None,
) -> Checked:
    """Take a spec as far as it goes; `strict` turns warnings into errors. `text` stands for the file's content.

    `path` is one in `project`, where that is given, and on disk otherwise.
    """
    document = assemble(path, profile=profile, sets=sets, text=text, project=project)
    leaked, values = leaks.find(document)
    checked = Checked(document, findings=[*document.findings, *leaked])
    if document.root is not None:
        lifecycle, findings = validate(document.root, language_of(document.root))
        findings = with_target_hints(findings)
        checked.findings += findings
        if lifecycle is not None:
            checked.spec = Spec(lifecycle, document, document.root)
            checked.draft, checked.settings, findings = check_meaning(checked.spec)
            checked.findings += findings
        else:
            checked.findings += hidden_findings(document, document.root, findings, check_meaning)
    kept = unsuppressed(checked.document, checked.spec, checked.findings, strict=strict)
    checked.findings = in_order([leaks.silent(finding, values) for finding in kept])
    return checked


def check_meaning(spec: Spec) -> tuple[Draft | None, TargetSettings, list[Diagnostic]]:
    """Check what a valid spec says: its pipelines, and what it says to targets."""
    draft, findings = check_plan(spec)
    settings, more = check_target_options(spec)
    return draft, settings, [*findings, *more]
