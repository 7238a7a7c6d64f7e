"""Files that steps read must be in the repository.

In: a pipeline. Out: a warning for each `{path:}` that is missing, and for each file that a library step's option or the contract of an
output names.
Warnings, because a path can be made by a checkout step that mlspec does not know. Never opens a file.
Change it when steps name files in another way.
"""

from __future__ import annotations

from pathlib import PurePath

from mlspec.diagnostics.collection import Findings
from mlspec.diagnostics.nearest import nearest
from mlspec.planning.pipeline import Pipeline
from mlspec.source.project import Project

_DEEPEST = 100
"""Folders of a path that are looked at for the one that is missing."""


def check(pipeline: Pipeline, findings: Findings) -> None:
    """Warn of missing files."""
    spec = pipeline.spec
    for named in pipeline.scope.steps.values():
        for name, source in named.step.inputs.items():
            if source.path is not None and "${{" not in source.path:
                _exists(pipeline, source.path, (*named.path, "inputs", name, "path"), findings)
        for name, output in named.step.outputs.items():
            if not isinstance(output, str) and output.contract is not None:
                _exists(pipeline, output.contract, (*named.path, "outputs", name, "contract"), findings)
        if named.library is None:
            continue
        for option, declared in named.library.options.items():
            value = named.step.with_.get(option)
            if declared.file and isinstance(value, str) and "${{" not in value:
                _exists(pipeline, value, (*named.path, "with", option), findings)
    for name, environment in spec.lifecycle.environments.items():
        for index, folder in enumerate(environment.pythonpath):
            _exists(pipeline, folder, ("environments", name, "pythonpath", index), findings)


def _exists(pipeline: Pipeline, value: str, path: tuple[str | int, ...], findings: Findings) -> None:
    project = pipeline.spec.project
    if project.exists(pipeline.spec.beside(value, *path) if path[-2] == "with" or path[-1] == "contract" else value):
        return
    message = f"there is no file `{value}`"
    findings.warn("MLS406", message, pipeline.spec.span(*path), _hint(project, value), path=path)


def _hint(project: Project, value: str) -> str:
    """Suggest a neighbour of the first part of the path that is missing."""
    missing = PurePath(value)
    while len(missing.parts) <= _DEEPEST and not project.is_folder(str(missing.parent)) and missing.parent != missing:
        missing = missing.parent
    close = nearest(missing.name, project.entries(str(missing.parent)))
    if close is None:
        return "the path is relative to the folder of the spec"
    return f"did you mean `{value.replace(missing.name, close)}`?"
