"""mlspec as a library: load · plan · compile · run.

In: paths, specs, plans. Out: specs, plans, generated files, outcomes. The only place that chains stages.
Raises `SpecError` with every finding where a stage finds errors; never prints. Change it when a stage is added.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.diagnostics import Diagnostic, Span, has_errors, in_order
from mlspec.diagnostics.snippet import lines_of
from mlspec.plan.check import Draft
from mlspec.plan.check import check as check_plan
from mlspec.plan.findings import did_you_mean
from mlspec.source import Document, Node, assemble
from mlspec.spec import leaks
from mlspec.spec.loaded import Spec
from mlspec.spec.mend import mend
from mlspec.spec.validate import validate, validate_section

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mlspec.plan.generated import GeneratedFile
    from mlspec.plan.model import Plan
    from mlspec.runner.outcome import RunOutcome
    from mlspec.spec.step import Step
    from mlspec.targets.base import Target


Path_: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of a spec."""


_MOST_SAID = 10
"""Findings that an error says by itself; all are in its `findings`."""


class SpecError(Exception):
    """A spec with errors. `findings` has all of them; `sources` the texts they point into."""

    def __init__(self, document: Document, findings: Sequence[Diagnostic]) -> None:
        count = sum(finding.severity == "error" for finding in findings)
        super().__init__(_said(f"{document.file}: {count} error{'s' if count != 1 else ''}", findings))
        self.findings = list(findings)
        self.sources = document.sources


@dataclass
class Checked:
    """All that is known of a spec: as far as its stages went, and their findings in order."""

    document: Document
    spec: Spec | None = None
    draft: Draft | None = None
    target_options: dict[str, Any] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)

    @cached_property
    def plan(self) -> Plan | None:
        """The plan; None where a finding is an error. Made when it is first asked for: checking alone is quicker without."""
        if self.draft is None or has_errors(self.findings):
            return None
        from mlspec.plan.build import build

        return build(self.draft, self.target_options)


def check(
    path: str | Path, *, profile: str | None = None, sets: Iterable[str] = (), text: str | None = None, strict: bool = False
) -> Checked:
    """Take a spec as far as it goes; `strict` turns warnings into errors. `text` stands for the file's content."""
    document = assemble(path, profile=profile, sets=sets, text=text)
    leaked, values = leaks.find(document)
    checked = Checked(document, findings=[*document.findings, *leaked])
    if document.root is not None:
        lifecycle, findings = validate(document.root)
        checked.findings += findings
        if lifecycle is not None:
            checked.spec = Spec(lifecycle, document, document.root)
            checked.draft, checked.target_options, findings = _meaning(checked.spec)
            checked.findings += findings
        else:
            checked.findings += _hidden(document, document.root, findings)
    checked.findings = in_order([leaks.silent(finding, values) for finding in heard(checked, checked.findings, strict=strict)])
    return checked


def _hidden(document: Document, root: Node, known: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Errors of meaning in a spec that does not validate, as far as they are none of those `known` once more."""
    mended = mend(root, known)
    lifecycle = validate(mended)[0] if mended is not None else None
    if mended is None or lifecycle is None:
        return []
    spec = Spec(lifecycle, document, mended)
    places = {(finding.span.file, finding.span.line, finding.span.column) for finding in known}
    return [
        finding
        for finding in _meaning(spec)[2]
        if finding.severity == "error" and (finding.span.file, finding.span.line, finding.span.column) not in places
    ]


def load(path: str | Path, *, profile: str | None = None, sets: Iterable[str] = ()) -> Spec:
    """Read and validate a spec; raises `SpecError` with every finding, those of its plan included."""
    checked = check(path, profile=profile, sets=sets)
    if checked.spec is None or has_errors(checked.findings):
        raise SpecError(checked.document, checked.findings)
    return checked.spec


def plan(spec: Spec) -> Plan:
    """Make the plan of a loaded spec; raises `SpecError`."""
    from mlspec.plan.build import build

    draft, options, findings = _meaning(spec)
    findings = in_order(findings)
    if draft is None or has_errors(findings):
        raise SpecError(spec.document, findings)
    return build(draft, options)


def compile(plan: Plan, target: str) -> list[GeneratedFile]:
    """Compile to one target; raises `TargetError` with the findings when the target refuses, `KeyError` when unknown."""
    from mlspec.targets.base import targets

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
    """Compile to one target; None where it refuses. Warnings come with the files."""
    from mlspec.targets.base import refusals

    findings = refusals(plan, target) or target.check(plan)
    findings = in_order(findings)
    return (None if has_errors(findings) else target.emit(plan)), findings


def run(plan: Plan, project: str | Path | None = None, **options: Any) -> RunOutcome:
    """Run a plan on this machine, in the folder of its spec unless `project` is another; options as in `mlspec.runner.run`."""
    from mlspec import runner

    return runner.run(plan, Path(plan.folder if project is None else project), **options)


def _said(head: str, findings: Sequence[Diagnostic]) -> str:
    return "\n".join([head, *(f"{each.span}: {each.severity} {each.code}: {each.message}" for each in findings[:_MOST_SAID])])


def _meaning(spec: Spec) -> tuple[Draft | None, dict[str, Any], list[Diagnostic]]:
    """Check what a valid spec says: its pipelines, and the options of its targets."""
    draft, findings = check_plan(spec)
    options, more = _target_options(spec)
    return draft, options, [*findings, *more]


def _target_options(spec: Spec) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Check `targets:` and `x-…` by the models that the targets bring. Targets load only where a spec has options."""
    extended = [(path, name) for path, step in _all_steps(spec) for name in step.extensions]
    if not spec.lifecycle.targets and not extended:
        return {}, []
    from mlspec.spec.split import Split
    from mlspec.targets.base import targets

    known = targets()
    models: dict[str, type[BaseModel]] = {name: target.options for name, target in known.items()} | {"split": Split}
    options: dict[str, Any] = {}
    findings: list[Diagnostic] = []
    for name in spec.lifecycle.targets:
        path: Path_ = ("targets", name)
        node = spec.node(*path)
        if name not in models:
            findings.append(_no_target(name, models, spec.key_span(*path), path))
        elif node is not None:
            model, found = validate_section(models[name], node, path)
            findings += found
            options[name] = model.model_dump(mode="json", by_alias=True) if model is not None else {}
    for stage, name in options.get("split", {}).items():
        if name is not None and name not in known:
            findings.append(_no_target(name, known, spec.span("targets", "split", stage), ("targets", "split", stage)))
    for path, name in extended:
        findings += _extension(spec, (*path, f"x-{name}"), name, known)
    return options, findings


def _extension(spec: Spec, path: Path_, name: str, known: Mapping[str, Target]) -> list[Diagnostic]:
    """Check what a step says to one target alone."""
    node = spec.node(*path)
    if name not in known:
        return [_no_target(name, known, spec.key_span(*path), path, "x-")]
    extension = known[name].extension
    if extension is None:
        message = f"{name} has nothing that a step can set with `x-{name}`"
        return [Diagnostic("MLS503", message, spec.key_span(*path), path=".".join(map(str, path)))]
    return validate_section(extension, node, path)[1] if node is not None else []


def _no_target(name: str, known: Iterable[str], span: Span, path: Path_, prefix: str = "") -> Diagnostic:
    hint = did_you_mean(name, known, prefix)
    return Diagnostic("MLS503", f"there is no target `{name}`", span, hint=hint, path=".".join(map(str, path)))


def _all_steps(spec: Spec) -> Iterable[tuple[Path_, Step]]:
    lifecycle = spec.lifecycle
    for name, step in lifecycle.steps.items():
        yield ("steps", name), step
    for name, step in lifecycle.finally_.items():
        yield ("finally", name), step
    for name, step in (lifecycle.monitor.steps if lifecycle.monitor else {}).items():
        yield ("monitor", "steps", name), step


def heard(checked: Checked, findings: Iterable[Diagnostic], *, strict: bool = False) -> list[Diagnostic]:
    """Leave out warnings that the spec silences, by `lint: ignore` or a comment on the line; make the rest errors if strict.

    What only looks like a secret can be silenced as well, on its own line.
    """
    lint = checked.spec.lifecycle.lint if checked.spec is not None else None
    ignored = set(lint.ignore) if lint is not None else set()
    kept = []
    for finding in findings:
        warning = finding.severity == "warning"
        if warning and finding.code in ignored:
            continue
        if (warning or finding.code == "MLS603") and _silenced(checked.document, finding):
            continue
        kept.append(replace(finding, severity="error") if warning and strict else finding)
    return kept


def _silenced(document: Document, finding: Diagnostic) -> bool:
    lines = lines_of(document.sources.get(finding.span.file, ""))
    line = lines[finding.span.line - 1] if finding.span.line <= len(lines) else ""
    _, mark, words = line.partition("# mlspec: ignore")
    return bool(mark) and finding.code in words.replace(",", " ").split()


def json_schema() -> str:
    """The JSON Schema of the language with our own targets and library steps; those of other packages are not in it."""
    from mlspec import library
    from mlspec.spec.schema import json_schema as make
    from mlspec.targets.base import targets

    own = {name: target for name, target in targets().items() if type(target).__module__.startswith("mlspec.")}
    extensions = {name: target.extension for name, target in own.items() if target.extension is not None}
    steps = [step for step in map(library.load, library.names()) if step.function.__module__.startswith("mlspec.")]
    return make({name: target.options for name, target in own.items()}, extensions, steps)


class _PlanPackage(ModuleType):
    """The package `mlspec.plan`, which takes the place of the function of that name as soon as it is imported: so it is both."""

    def __call__(self, spec: Spec) -> Plan:
        return plan(spec)


sys.modules["mlspec.plan"].__class__ = _PlanPackage
