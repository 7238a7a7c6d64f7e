"""Files of the project that a body names, and no input declares.

In: a pipeline. Out: a warning at the name, or at the `call` whose function has it, with the line to add. What nobody declares is in no
record, and a change of it may go unseen. Never opens what is named. Change it when bodies name files in another way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from mlspec.analysis.files import found
from mlspec.diagnostics.collection import Findings
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Named, Path

if TYPE_CHECKING:
    from mlspec.analysis.scripts import Word

_MOST = 20
"""Files of one step that are reported."""
_MOST_WORDS = 2000
"""Different words of one script that are looked for: each is a look at the disk."""


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Warn of each file that a step names and does not declare."""
    for named in pipeline.scope.steps.values():
        if named.step.run is not None:
            _script(pipeline, named, named.step.run, findings)
        elif named.step.call is not None:
            _function(pipeline, named, named.step.call, findings)


def _script(pipeline: Pipeline, named: Named, script: str, findings: Findings) -> None:
    if not _may_name_files(pipeline, named, script):
        return
    from mlspec.analysis.scripts import words

    project, reported, seen = pipeline.spec.project, set[str](), set[str]()
    listed = list(words(script))
    for word in listed:
        if word.is_code or word.text in seen:
            continue
        seen.add(word.text)
        if len(seen) > _MOST_WORDS:
            break
        for path in _undeclared(pipeline, named, word.text):
            if path in reported or len(reported) == _MOST:
                continue
            reported.add(path)
            at: Path = (*named.path, "run")
            name = word.text.rsplit("/", 1)[-1] if project.is_file(path) and not set("*?[") & set(word.text) else word.text
            start = max(script.find(name, word.start), 0)
            span = pipeline.spec.inner_span(at, start, start + len(name))
            findings.warn(
                "MLS417", f"the script names `{path}`, which is no input of the step", span, _hint(named, path), path=at
            )
    _programs(pipeline, named, script, listed, reported, findings)


def _may_name_files(pipeline: Pipeline, named: Named, script: str) -> bool:
    """Whether a script has the name of anything in the project's folder, or where modules are: most need no closer look."""
    project, roots = pipeline.spec.project, _roots(pipeline, named)

    def signs() -> list[str]:
        return ["*", "?", "[", *(name.removesuffix(".py") for folder in (".", *roots) for name in project.entries(folder))]

    for sign in project.keep(("names", roots), signs):  # noqa: SIM110 (a generator takes twice as long, and this is asked of each step)
        if sign in script:
            return True
    return False


def _programs(
    pipeline: Pipeline, named: Named, script: str, listed: list[Word], reported: set[str], findings: Findings
) -> None:
    """What the Python names that a script runs."""
    from mlspec.analysis.scripts import programs

    run = list(programs(script, listed))
    if not run:
        return
    from mlspec.analysis.named_files import named_by_program, options_of

    options = options_of(script)
    spec, at = pipeline.spec, (*named.path, "run")
    roots = _roots(pipeline, named)
    for program in run:
        word = program.file or program.module
        start = max(script.find(word.rsplit("/", 1)[-1], program.start), 0)
        span = spec.inner_span(at, start, start + len(word.rsplit("/", 1)[-1]))
        key = "program", roots, program.file, program.module, options
        for path, place in spec.project.keep(key, partial(named_by_program, spec.project, roots, program, options)).items():
            covered = any(path.startswith(f"{root}/") for root in roots)
            if path not in _undeclared(pipeline, named, path) or path in reported or len(reported) == _MOST or covered:
                continue
            reported.add(path)
            where = f"{spec.project.name(place.file)}:{place.line}"
            message = f"`{word}` names `{path}` ({where}), which is no input of the step"
            findings.warn("MLS417", message, span, _hint(named, path), path=at)


def _roots(pipeline: Pipeline, named: Named) -> tuple[str, ...]:
    lifecycle = pipeline.spec.lifecycle
    environment = lifecycle.environments.get(named.step.environment or lifecycle.defaults.environment or "")
    return tuple(environment.pythonpath) if environment else ()


def _function(pipeline: Pipeline, named: Named, call: str, findings: Findings) -> None:
    from mlspec.analysis.imports import Modules
    from mlspec.analysis.named_files import named_files

    spec, step = pipeline.spec, named.step
    roots = (*_roots(pipeline, named), "")
    modules = spec.project.keep(("modules", roots), lambda: Modules(spec.project, roots))
    module, _, function = call.partition(":")
    given = (*step.inputs, *step.outputs, *step.with_)
    at: Path = (*named.path, "call")
    for path, place in [*named_files(modules, module, function, given).items()][:_MOST]:
        if path in _undeclared(pipeline, named, path) and not any(path.startswith(f"{root}/") for root in roots if root):
            where = f"{spec.project.name(place.file)}:{place.line}"
            message = f"`{function}` names `{path}` ({where}), which is no input of the step"
            findings.warn("MLS417", message, spec.span(*at), _hint(named, path), path=at)


def _undeclared(pipeline: Pipeline, named: Named, text: str) -> list[str]:
    """The files that `text` names, or the folder that it names as a path, unless an input has them."""
    project = pipeline.spec.project
    inputs = [source.path.strip("/").removeprefix("./") for source in named.step.inputs.values() if source.path]
    named_here = project.keep(("found", text), partial(found, project, text))
    inside = [path for path in named_here if not any(path == one or path.startswith(f"{one}/") for one in inputs)]
    return [path for path in inside if project.is_file(path) or ("/" in text and _has_files(pipeline, path))]


def _has_files(pipeline: Pipeline, folder: str) -> bool:
    """Whether there is more in a folder than code: `pytest tests/` reads no data."""
    from mlspec.analysis.scripts import CODE

    project = pipeline.spec.project
    names = [name for name in project.entries(folder) if not name.startswith((".", "_")) and not name.endswith(CODE)]
    return any(project.is_file(f"{folder}/{name}") for name in names)


def _hint(named: Named, path: str) -> str:
    """The line to add, and how the step reads the file then."""
    inputs: Mapping[str, object] = named.step.inputs
    stem = re.sub(r"\W+", "_", path.rsplit("/", 1)[-1].partition(".")[0], flags=re.ASCII).strip("_").lower() or "file"
    stem = f"file_{stem}" if stem[0].isdigit() else stem[:50]
    name, number = stem, 2
    taken = {*inputs, *named.outputs, *named.step.with_}
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    entry = f"{name}: {{path: {path}}}"
    line = f"`{entry}` below `inputs`" if inputs else f"`inputs: {{{entry}}}`"
    read = f"read ${{{{ inputs.{name} }}}}" if named.step.run is not None else f"take the argument `{name}`"
    return f"add {line}, and {read}"
