"""The Python functions that `call:` names: whether they exist and take what they are given.

In: a step and the Python files of the project. Out: findings. Reads source text, never imports it.
A module outside the project may come with the environment: when nothing is known of it, that is a warning.
Change it when calls are given their arguments in another way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import PurePath

from mlspec.diagnostics import Related, Span
from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.planning.pipeline import Pipeline
from mlspec.planning.scope import Named
from mlspec.source.project import Project
from mlspec.terms import FIELD_TYPES

Function = ast.FunctionDef | ast.AsyncFunctionDef
Names = tuple[dict[str, Function], set[str], bool]
"""Functions of a module, other names it binds, and whether it may bind more (a star import, `__getattr__`)."""
_MAX_BYTES = 4_000_000


def check_call(pipeline: Pipeline, named: Named, call: str, findings: Findings) -> None:
    """Find the function that `call` names, and hold its parameters against what the step gives."""
    spec, project, path = pipeline.spec, pipeline.spec.project, (*named.path, "call")
    module, _, function = call.partition(":")
    environment = spec.lifecycle.environments.get(named.step.environment or spec.lifecycle.defaults.environment or "")
    roots = (*(environment.pythonpath if environment else ()), "")
    file = project.keep(("module", roots, module), lambda: _find(project, roots, module))
    if file is None:
        if not _installed(module):
            searched = ", ".join([*(environment.pythonpath if environment else []), "the spec's folder"])
            hint = f"searched: {searched}; name the folder in the environment's `pythonpath`"
            span = spec.inner_span(path, 0, len(module))
            findings.warn("MLS405", f"the module `{module}` is not found", span, hint, path=path)
        return
    names = project.keep(("names", file), lambda: _names(project, file))
    if names is None:
        return
    span = spec.inner_span(path, len(module) + 1, len(call))
    found, known, open_ended = names
    if function in found:
        _signature(pipeline, named, found[function], file, findings)
    elif function not in known and not open_ended:
        close = did_you_mean(function, found, nothing=f"`{module}` defines no function")
        findings.add("MLS403", f"`{module}` has no function `{function}`", span, close, path=path)


def _find(project: Project, roots: Iterable[str], module: str) -> str | None:
    relative = PurePath(*module.split("."))
    for root in roots:
        for candidate in (PurePath(root, relative.with_suffix(".py")), PurePath(root, relative, "__init__.py")):
            if project.is_file(str(candidate)):
                return str(candidate)
    return None


def _installed(module: str) -> bool:
    """Whether the top-level package is installed here; finding its spec imports nothing."""
    try:
        return find_spec(module.split(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _names(project: Project, file: str) -> Names | None:
    """A file that cannot be parsed is left for the run to complain of: it may be written for another Python."""
    try:
        return _bound(ast.parse(project.read(file, _MAX_BYTES)))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound(tree: ast.Module) -> Names:
    functions: dict[str, Function] = {}
    names: set[str] = set()
    open_ended = False
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        node = todo.pop(0)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                functions[node.name] = node
            case ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
                open_ended |= any(alias.name == "*" for alias in node.names)
            case ast.If() | ast.Try() | ast.With():
                todo = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", []), *todo]
                todo += [child for handler in getattr(node, "handlers", []) for child in handler.body]
            case _:
                names.update(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return functions, names, open_ended or "__getattr__" in functions


def _signature(pipeline: Pipeline, named: Named, function: Function, file: str, findings: Findings) -> None:
    if function.decorator_list:
        return
    spec, step, arguments = pipeline.spec, named.step, function.args
    related = (Related(_function_span(pipeline, function, file), "defined here"),)
    files = {name for name, kind in named.outputs.items() if kind not in FIELD_TYPES}
    given = {
        **dict.fromkeys(step.inputs, "inputs"),
        **dict.fromkeys(sorted(files), "outputs"),
        **dict.fromkeys(step.with_, "with"),
    }
    keyword = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)]
    for name, section in given.items():
        if name not in keyword and arguments.kwarg is None:
            path = (*named.path, section, name)
            message = f"`{function.name}` takes no argument `{name}`"
            hint = did_you_mean(name, [word for word in keyword if word not in given]) or f"it takes: {', '.join(keyword)}"
            findings.add("MLS404", message, spec.key_span(*path), hint, path=path, related=related)
    needed = [argument.arg for argument in arguments.posonlyargs]
    needed += [argument.arg for argument in arguments.args[: len(arguments.args) - len(arguments.defaults)]]
    needed += [a.arg for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None]
    missing = [name for name in needed if name not in given]
    if missing:
        path = (*named.path, "call")
        words = ", ".join(f"`{name}`" for name in missing)
        hint = "a call is given its inputs, its file outputs and `with`"
        message = f"`{function.name}` needs {words}, which the step does not give"
        findings.add("MLS404", message, spec.span(*path), hint, path=path, related=related)


def _function_span(pipeline: Pipeline, function: Function, file: str) -> Span:
    spec, name = pipeline.spec, pipeline.spec.project.name(file)
    if name not in spec.document.sources:
        spec.document.sources[name] = spec.project.read(file).decode("utf-8", "replace")
    column = function.col_offset + (5 if isinstance(function, ast.FunctionDef) else 11)
    return Span(name, function.lineno, column, function.lineno, column + len(function.name))
