"""A step of the library, as a step of a spec uses it: its inputs and options.

In: a step in its spec. Out: findings, and which inputs are misspelt. Owns what is said of a library step's signature; never knows what
the step runs on. Change it when library steps declare something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.diagnostics.nearest import nearest
from mlspec.library import names
from mlspec.planning.scope import Named, Path
from mlspec.spec.loaded import Spec

if TYPE_CHECKING:
    from mlspec.library.model import LibraryStep


def check(spec: Spec, named: Named, findings: Findings) -> dict[str, str]:
    """Check a step that uses one; returns its inputs that are near one which it lacks, by what they are called."""
    if named.step.uses is None:
        return {}
    library = named.library
    path: Path = (*named.path, "uses")
    if library is None:
        hint = did_you_mean(named.step.uses, names())
        findings.add("MLS310", f"there is no library step `{named.step.uses}`", spec.span(*path), hint, path=path)
        return {}
    typos = _inputs(spec, named, library, findings)
    unknown = {name for name, value in named.step.with_.items() if "${{" in str(value)}
    for problem in library.problems(named.step.with_, unknown):
        at = (*named.path, "with") if problem.option is None else (*named.path, "with", problem.option)
        known = problem.option in library.options
        span = spec.span(*at) if known else spec.key_span(*at) if named.step.with_ else spec.key_span(*named.path)
        findings.add("MLS312", problem.message, span, problem.hint, path=at)
    return typos


def _inputs(spec: Spec, named: Named, library: LibraryStep, findings: Findings) -> dict[str, str]:
    """Inputs that the step does not have, or, where it takes any name, that are one which it needs but for a letter or two."""
    typos: dict[str, str] = {}
    missing = [name for name, port in library.inputs.items() if port.required and name not in named.step.inputs]
    for name in named.step.inputs:
        intended = nearest(name, missing) if name not in library.inputs else None
        if intended is None and library.input(name) is not None:
            continue
        if intended is not None:
            missing.remove(intended)
            typos[name] = intended
        at = (*named.path, "inputs", name)
        hint = did_you_mean(name, library.inputs if intended is None else [intended])
        message = f"`{library.name}` has no input `{name}`"
        if library.input(name) is not None:
            message = f"`{library.name}` needs the input `{intended}`, and this one is called `{name}`"
        findings.add("MLS311", message, spec.key_span(*at), hint, path=at)
    for name in missing:
        hint = f"{name}: {library.inputs[name].description}"
        span = spec.key_span(*named.path, "inputs") if named.step.inputs else spec.key_span(*named.path)
        findings.add("MLS311", f"`{library.name}` needs the input `{name}`", span, hint, path=(*named.path, "inputs"))
    return typos
