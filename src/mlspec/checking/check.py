"""All that is known of a spec, and every finding.

In: the path or the text of a spec, and the project it is in. Out: a `Checked`: as far as its stages went, and their findings in
order. Owns which stages a spec goes through; never raises for what a spec says. Change it when a spec goes through another stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlspec.checking.hidden import hidden_findings
from mlspec.checking.meaning import Meaning, check_meaning
from mlspec.checking.suppression import unsuppressed
from mlspec.checking.target_options import language_of, with_target_hints
from mlspec.diagnostics import Diagnostic, has_errors, in_order
from mlspec.diagnostics.nearest import bounded
from mlspec.source import Document, assemble, values_of
from mlspec.source.project import Project
from mlspec.spec import foreign, leaks, placeholders
from mlspec.spec.loaded import Spec
from mlspec.spec.validate import validate

if TYPE_CHECKING:
    from mlspec.ir.model import Plan


@dataclass
class Checked:
    """All that is known of a spec: as far as its stages went, and their findings in order."""

    document: Document
    spec: Spec | None = None
    meaning: Meaning | None = None
    findings: list[Diagnostic] = field(default_factory=list)

    @property
    def plan(self) -> Plan | None:
        """The plan; None where a finding is an error."""
        return None if self.meaning is None or has_errors(self.findings) else self.meaning.plan


@bounded()
def check(
    path: str | Path,
    *,
    profile: str | None = None,
    sets: Iterable[str] = (),
    include_roots: Iterable[str | Path] = (),
    text: str | None = None,
    strict: bool = False,
    project: Project | None = None,
) -> Checked:
    """Take a spec as far as it goes; `strict` turns warnings into errors. `text` stands for the file's content.

    `include_roots` are folders that files may be included from, beside the work tree that the spec is in. `path` is one in
    `project`, where that is given, and on disk otherwise.
    """
    document = assemble(path, profile=profile, sets=sets, include_roots=include_roots, text=text, project=project)
    foreign.find(document)
    every = values_of(document.root) if document.root is not None else []
    leaked, values = leaks.find(document, every)
    unread = placeholders.find(document)
    checked = Checked(document, findings=[*document.findings, *leaked])
    if document.root is not None:
        lifecycle, findings = validate(document.root, language_of(document.root), every)
        findings = with_target_hints(findings)
        checked.findings += findings
        if lifecycle is not None:
            checked.spec = Spec(lifecycle, document, document.root)
            checked.meaning = check_meaning(checked.spec)
            checked.findings += checked.meaning.findings
        else:
            checked.findings += hidden_findings(document, document.root, findings, check_meaning)
    said = placeholders.among(checked.findings, unread)
    kept = unsuppressed(checked.document, checked.spec, said, strict=strict)
    checked.findings = in_order([leaks.silent(finding, values) for finding in kept])
    return checked
