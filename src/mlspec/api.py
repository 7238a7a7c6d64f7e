"""mlspec as a library: load · plan · compile · run.

In: paths, specs, plans. Out: specs, plans, generated files, outcomes. The only place that chains stages.
Raises `SpecError` with every finding where a stage finds errors; never prints. Change it when a stage is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlspec.checking import check as check
from mlspec.checking import check_meaning
from mlspec.checking.configured import check_configured as check_configured
from mlspec.diagnostics import Diagnostic, has_errors, in_order
from mlspec.diagnostics.printable import lines
from mlspec.source import Document, assemble
from mlspec.source.project import Project, ProjectError
from mlspec.spec.loaded import Spec

if TYPE_CHECKING:
    from mlspec.emission.seal import GeneratedFile
    from mlspec.engine.results import RunOutcome
    from mlspec.ir.model import Plan
    from mlspec.targets.base import Target


_MOST_SAID = 10
"""Findings that an error says by itself; all are in its `findings`."""


class SpecError(Exception):
    """A spec with errors. `findings` has all of them; `sources` the texts they point into."""

    def __init__(self, document: Document, findings: Sequence[Diagnostic]) -> None:
        count = sum(finding.severity == "error" for finding in findings)
        super().__init__(_said(f"{document.file}: {count} error{'s' if count != 1 else ''}", findings))
        self.findings = list(findings)
        self.sources = document.shown


def load(
    path: str | Path,
    *,
    profile: str | None = None,
    sets: Iterable[str] = (),
    include_roots: Iterable[str | Path] = (),
    project: Project | None = None,
) -> Spec:
    """Read and validate a spec; raises `SpecError` with every finding, those of its plan included.

    `path` is one in `project`, where that is given: another look at a folder, or a revision (`GitProject.open`).
    `include_roots` are folders that files may be included from, beside the work tree that the spec is in.

    >>> mlspec.load("mlspec.yaml", profile="prod", sets=["steps.train.with.depth=6"]).steps        # doctest: +SKIP
    """
    checked = check(path, profile=profile, sets=sets, include_roots=include_roots, project=project)
    if checked.spec is None or has_errors(checked.findings):
        raise SpecError(checked.document, checked.findings)
    return checked.spec


def check_together(
    documents: Sequence[Document],
    others: Iterable[str | Path] = (),
    *,
    include_roots: Iterable[str | Path] = (),
    names: Sequence[str] | None = None,
    out: str | None = None,
) -> tuple[list[Diagnostic], dict[str, str]]:
    """Find specs that would write over each other, among `documents` and the files `others`; with the texts to show.

    Where they are compiled, `names` are the targets, none of them those that the specs say, and `out` is the folder.
    """
    beside = [assemble(path, include_roots=include_roots) for path in others]
    if len(documents) + len(beside) < 2:
        return [], {}
    from mlspec.checking.together import check_together as compared

    sources = {name: text for document in (*beside, *documents) for name, text in document.shown.items()}
    return compared(documents, beside, names=names, out=out), sources


def plan(spec: Spec) -> Plan:
    """Make the plan of a loaded spec; raises `SpecError`.

    >>> mlspec.plan(mlspec.load("mlspec.yaml")).by_id["train"].upstream        # doctest: +SKIP
    ('ingest',)
    """
    meaning = check_meaning(spec)
    findings = in_order(meaning.findings)
    if meaning.plan is None or has_errors(findings):
        raise SpecError(spec.document, findings)
    return meaning.plan


def lower(plan: Plan) -> Plan:
    """Decide what the plan leaves open, as all targets have it: the image of each step. A lowered plan is returned as it is."""
    from mlspec.lowering import lower as lowered

    return lowered(plan)


def compile(plan: Plan, target: str) -> list[GeneratedFile]:
    """Compile to one target; raises `TargetError` with the findings when the target refuses, `KeyError` when unknown.

    >>> [file.path for file in mlspec.compile(plan, "airflow")]        # doctest: +SKIP
    ['credit-default.py']
    """
    from mlspec.targets.base import targets

    _refuse_spec(plan, "compile")
    files, findings = emit(plan, targets()[target])
    if files is None:
        raise TargetError(target, findings)
    return files


class TargetError(Exception):
    """A plan that a target refuses. `findings` says what, each at the spec's line."""

    def __init__(self, target: str, findings: Sequence[Diagnostic]) -> None:
        super().__init__(_said(f"{target} cannot express this lifecycle", findings))
        self.findings = list(findings)


def emit(plan: Plan, target: Target) -> tuple[list[GeneratedFile] | None, list[Diagnostic]]:
    """Compile to one target, lowered or not; None where it refuses. Warnings come with the files."""
    from mlspec.targets.base import refusals

    plan = lower(plan)
    findings = refusals(plan, target) or target.check(plan)
    findings = in_order(findings)
    return (None if has_errors(findings) else target.emit(plan)), findings


def run(plan: Plan, project: str | Path | None = None, **options: Any) -> RunOutcome:
    """Run a plan on this machine, in the folder of its spec unless `project` is another; options as in `mlspec.engine.run`.

    Raises `ProjectError` where the spec is of a revision and no folder is named.

    >>> run = mlspec.run(plan, params={"seed": 8})        # doctest: +SKIP
    >>> run.status, run.metrics["evaluate.metrics.auc"], run.outputs["train.model"]        # doctest: +SKIP
    """
    from mlspec import engine as runner

    _refuse_spec(plan, "run")
    folder = plan.folder if project is None else project
    if folder is None:
        raise ProjectError(f"the {plan.spec_file} of this plan is not on disk: say in which folder the plan is to run")
    return runner.run(plan, Path(folder), **{"origin": origin(plan, folder), **options})


def origin(plan: Plan, folder: str | Path) -> dict[str, Any]:
    """What the record of a run says of its files: their commit, and what of them is in none."""
    from mlspec.source.git_work import origin as found

    return found(Path(folder), plan.spec_file, plan.store)


def _refuse_spec(plan: object, what: str) -> None:
    """A spec is what people have in their hands, and forget to plan."""
    if isinstance(plan, Spec):
        raise TypeError(f"mlspec.{what} takes a plan, and this is a spec: write mlspec.plan(spec)")


def _said(head: str, findings: Sequence[Diagnostic]) -> str:
    return lines(
        "\n".join([head, *(f"{each.span}: {each.severity} {each.code}: {each.message}" for each in findings[:_MOST_SAID])])
    )


def json_schema() -> str:
    """The JSON Schema of the language with our own targets, library steps and policies; those of other packages are not in it."""
    from mlspec.checking.schema import json_schema as make

    return make()
