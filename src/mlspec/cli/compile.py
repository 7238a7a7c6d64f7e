"""`mlspec compile`: write a target's files, or check or show what writing would change."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from mlspec import api
from mlspec.checking import Checked
from mlspec.checking.suppression import unsuppressed
from mlspec.cli import arguments, completion, generated, output
from mlspec.diagnostics import Diagnostic, in_order
from mlspec.diagnostics.render import FORMATS, Format
from mlspec.emission.seal import GeneratedFile
from mlspec.generated.judge import Scope
from mlspec.ir.model import Plan
from mlspec.source import Document
from mlspec.spec.loaded import Spec
from mlspec.targets.base import targets
from mlspec.terms import DONE, FINDINGS


@click.command("compile")
@arguments.specs_argument
@click.option(
    "-t",
    "--target",
    "names",
    multiple=True,
    metavar="TARGET",
    shell_complete=completion.targets,
    help="Compile to this target; repeat for several.",
)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(file_okay=False),
    help="Write below this folder, which others may share, not to pipelines/: nothing is removed there.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print findings.")
@arguments.locked
@generated.options
@arguments.layers
def COMMAND(  # noqa: N802
    specs: tuple[str, ...],
    names: tuple[str, ...],
    out: str | None,
    form: Format,
    locked: bool,
    profile: str | None,
    sets: tuple[str, ...],
    include_roots: tuple[str, ...],
    wish: generated.Wish,
) -> int:
    """Compile specs to pipelines/TARGET/ beside each of them, with a profile to files of its own.

    Without -t, to the targets that the spec names under `targets:`, or to all; what was compiled to others is removed.
    --check checks the profiles whose files are there as well. With another format than text, findings go to standard
    output, files that are not up to date among them, and all else to standard error.
    """
    for name in names:
        arguments.known("target", name, targets())
    paths = arguments.paths(specs)
    compiler = _Compiler(names, out, sets, include_roots, wish if form == "text" else replace(wish, found=[]))
    found = [compiler.check(path, profile) for path in paths]
    if locked:
        _check_locks(found)
    documents, others = [checked.document for checked in found], arguments.in_repository(specs, paths)
    shared, texts = api.check_together(documents, others, include_roots=include_roots, names=names, out=out)
    compiler.print(shared, texts)
    status = FINDINGS if shared else max(map(compiler.compile, found))
    if compiler.wish.found is not None:
        output.findings(in_order(compiler.wish.found), compiler.sources, form, read=len(paths))
    return status


def _check_locks(found: Sequence[Checked]) -> None:
    from mlspec.cli import refusals
    from mlspec.engine.locked import check_lock

    for checked in found:
        with refusals.as_click_errors():
            check_lock(output.planned(checked))


@dataclass(frozen=True, slots=True)
class _Compiler:
    """What the command line asks of each spec."""

    names: Sequence[str]
    out: str | None
    sets: Sequence[str]
    include_roots: Sequence[str]
    wish: generated.Wish
    sources: dict[str, str] = field(default_factory=dict)
    """The texts that findings point into."""

    def check(self, path: str, profile: str | None) -> Checked:
        return api.check(path, profile=profile, sets=self.sets, include_roots=self.include_roots)

    def print(self, found: Sequence[Diagnostic], sources: Mapping[str, str]) -> None:
        """Print findings, or keep them for the end."""
        self.sources.update(sources)
        if self.wish.found is not None:
            self.wish.found.extend(found)
        elif found:
            output.findings(found, sources, err=True)

    def compile(self, checked: Checked) -> int:
        """Write a spec's files, or say what that would change; with `--check` those of the profiles of which files are there."""
        status = self._compile_one(checked, self.wish)
        document = checked.document
        if self.wish.check and checked.spec is not None and document.profile is None:
            quiet = replace(self.wish, quiet=True)
            for profile, targets_there in self._profiles_there(checked.spec):
                done = self._compile_one(self.check(document.file, profile), quiet, targets_there)
                if done != DONE:
                    again = arguments.again(document.file, "lifecycle", profile, self.sets, self.include_roots)
                    output.say(f"with the profile {profile}: mlspec compile{again}", err=True)
                status = max(status, done)
        return status

    def _compile_one(self, checked: Checked, wish: generated.Wish, among: Container[str] | None = None) -> int:
        """The same of one profile; of the targets that are asked for, those `among`."""
        self.print(checked.findings, checked.document.shown)
        if checked.plan is None or checked.spec is None:
            return FINDINGS
        plan, status = api.lower(checked.plan), DONE
        pipelines = self._pipelines(checked.document)
        # Of what was made with other profiles nothing is said here, but of what was made with one that is gone.
        kept = frozenset({None, *checked.spec.lifecycle.profiles} - {plan.profile})
        scope, shared = Scope(plan.spec_file, kept), self.out is not None
        asked = self.names or _default_targets(plan)
        for name in asked if among is None else filter(among.__contains__, asked):
            files = self._emit(checked, plan, name)
            done = FINDINGS if files is None else generated.handle(files, pipelines / name, wish, shared=shared, scope=scope)
            status = max(status, done)
        if not self.names and not shared:
            wanted = _wanted_by_profiles(checked.spec) if plan.profile is None else None
            status = max(status, generated.handle_leftovers(pipelines, asked, wish, scope, wanted))
        return status

    def _emit(self, checked: Checked, plan: Plan, name: str) -> list[GeneratedFile] | None:
        files, found = api.emit(plan, targets()[name])
        self.print(unsuppressed(checked.document, checked.spec, found), checked.document.shown)
        return files

    def _pipelines(self, document: Document) -> Path:
        return Path(self.out) if self.out else document.folder / "pipelines"

    def _profiles_there(self, spec: Spec) -> Iterator[tuple[str, set[str]]]:
        """Each profile of which files are there, and the targets whose they are."""
        found = {folder.name: self._profiles_in(folder, spec) for folder in generated.folders(self._pipelines(spec.document))}
        for profile in spec.lifecycle.profiles:
            if there := {target for target, profiles in found.items() if profile in profiles}:
                yield profile, there

    def _profiles_in(self, folder: Path, spec: Spec) -> set[str | None]:
        # In a folder that specs share, the names of files tell whose they are; elsewhere their headers do, old names included.
        base, names = spec.lifecycle.metadata.name, [path.name for path in folder.iterdir()]
        made = generated.profiles_there(folder, spec.document.name) if self.out is None else set()
        for profile in spec.lifecycle.profiles:
            stems = [f"{stem}.{profile}" for stem in (base, base.replace("-", "_"))]
            if any(name == stem or name.startswith(f"{stem}.") for name in names for stem in stems):
                made.add(profile)
        return made


def _wanted_by_profiles(spec: Spec) -> dict[str, set[str]]:
    """The targets that profiles add to those of the spec, by profile."""
    sections = {profile: spec.node("profiles", profile, "targets") for profile in spec.lifecycle.profiles}
    return {profile: set(section.value) for profile, section in sections.items() if section is not None and section.value}


def _default_targets(plan: Plan) -> list[str]:
    return [name for name in targets() if name in plan.target_options] or list(targets())
