"""The files of a project that a Python function names.

In: a function, the modules of its project, and which arguments it is given. Out: paths, each with the place that names it. Owns how
far text is followed: constants and paths put together of them, in the function, in what it calls by name and in what runs on import.
Never runs anything, and does not find every file: what opens files is watched by `run --trace`. Change it when paths are put together
in another way.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from mlspec.analysis.expressions import (
    OWN,
    Function,
    assigned_once,
    assignment,
    defaults_besides,
    dotted_name,
    is_docstring,
    is_still,
    joined,
    last_name,
    parent,
    path_of_call,
    writes,
)
from mlspec.analysis.files import Files, found
from mlspec.analysis.imports import Module, Modules
from mlspec.analysis.module_names import ModuleNames
from mlspec.analysis.scripts import Program

_MAX_NODES = 200_000


class Naming(NamedTuple):
    """Where a path stands."""

    file: str
    line: int


def named_files(modules: Modules, module: str, function: str, given: Collection[str] = ()) -> dict[str, Naming]:
    """Files and folders of the project that a function names; defaults of arguments that are `given` do not count."""
    start = modules.get(module)
    if start is None:
        return {}
    key = f"on import of {start.file}"
    imported = modules.kept.get(key)
    if not isinstance(imported, _Search):  # the same for all functions of a module
        modules.kept[key] = imported = _Search(modules)
        imported.enter(start)
    search = _Search(modules)
    search.follow(start, function.split(".")[0], frozenset(given))
    written = search.written | imported.written
    return {path: naming for path, naming in {**imported.found, **search.found}.items() if path not in written}


def options_of(script: str) -> frozenset[str]:
    """The options that a script gives to what it runs."""
    return frozenset(_OPTION.findall(script))


def named_by_program(files: Files, roots: Sequence[str], program: Program, options: frozenset[str]) -> dict[str, Naming]:
    """Files and folders that a Python file or module names which a script runs; defaults of `options`, which it gives, do not count."""
    modules = Modules(files, ((posixpath.dirname(program.file) if program.file else ""), *roots, ""))
    if program.file:
        if not files.is_file(program.file):
            return {}
        module = modules.at(program.file, posixpath.basename(program.file).removesuffix(".py"))
    else:
        found_module = modules.get(f"{program.module}.__main__") or modules.get(program.module)
        if found_module is None:
            return {}
        module = found_module
    search = _Search(modules, options)
    search.enter(module)
    return {path: naming for path, naming in search.found.items() if path not in search.written}


_OPTION = re.compile(r"(?<!\S)--?[A-Za-z][\w-]*")
_DECLARES_OPTION = frozenset({"add_argument", "option", "Option", "argument", "Argument", "add_option"})


class _Search:
    def __init__(self, modules: Modules, options: frozenset[str] = frozenset()) -> None:
        self.modules = modules
        self.options = options
        """Options that the command gives: what they are without it does not count."""
        self.found: dict[str, Naming] = {}
        self.written: set[str] = set()
        self._seen: set[tuple[str, str]] = set()
        self._waiting: list[tuple[ModuleNames, ast.AST, frozenset[str]]] = []
        self._nodes = 0
        self._left = 0

    def enter(self, module: Module) -> None:
        """Search what runs when a module is imported."""
        self._enter(module)
        self._search()

    def follow(self, module: Module, name: str, given: frozenset[str]) -> None:
        """Search a function and what it reaches by name."""
        self._reach(self._scope(module), name, given)
        self._search()

    def _search(self) -> None:
        while self._waiting and self._nodes < _MAX_NODES:
            self._read(*self._waiting.pop())

    def _scope(self, module: Module) -> ModuleNames:
        scope = self.modules.kept.setdefault(module.file, None) or ModuleNames(module)
        self.modules.kept[module.file] = scope
        return scope  # type: ignore[return-value]

    def _enter(self, module: Module) -> None:
        """What runs when a module is imported, and what it imports."""
        waiting = [module]
        while waiting:
            one = waiting.pop()
            if (one.file, "") in self._seen:
                continue
            self._seen.add((one.file, ""))
            scope = self._scope(one)
            self._waiting += [(scope, node, frozenset()) for node in scope.always]
            waiting += self.modules.imported_by(one)

    def _reach(self, scope: ModuleNames, name: str, given: frozenset[str] = frozenset()) -> None:
        """A function or class that code names, here or where it is imported from."""
        for _ in range(_MOST_HOPS):
            if (scope.module.file, name) in self._seen:
                return
            self._seen.add((scope.module.file, name))
            if name in scope.definitions:
                self._waiting.append((scope, scope.definitions[name], given))
                return
            if name in scope.constants:
                self._waiting.append((scope, scope.constants[name], frozenset()))
                return
            base, inner = scope.imported.get(name, ("", None))
            other = self.modules.get(base) if inner is not None else None
            if other is None or inner is None:
                return
            scope, name = self._scope(other), inner

    def _read(self, scope: ModuleNames, top: ast.AST, given: frozenset[str]) -> None:
        local = assigned_once(top)
        waiting: list[ast.AST] = [top]
        while waiting:
            node = waiting.pop()
            self._nodes += 1
            if isinstance(node, Function) and node is top and given:
                waiting += [*node.body, *node.decorator_list, *defaults_besides(node, given)]
                continue
            if (assigned := assignment(node)) is not None and local.get(assigned[0]) is assigned[1] and is_still(assigned[1]):
                continue  # it counts where its name is read
            if isinstance(node, ast.expr):
                self._left = _MOST_PARTS
                text = self._text(scope, node, local)
                if text is not None:
                    self._note(scope, node, text)
                    if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
                        continue
            if isinstance(node, ast.Call):
                inner = self._arguments(scope, node, local)
                waiting += [one for one in inner if not self._is_given(node, one)]
                continue
            if isinstance(node, ast.Name):
                self._reach(scope, node.id)
            elif isinstance(node, ast.Attribute):
                self._reach_attribute(scope, node)
            waiting += [child for child in ast.iter_child_nodes(node) if not is_docstring(child)]

    def _arguments(self, scope: ModuleNames, call: ast.Call, local: Mapping[str, ast.expr]) -> list[ast.AST]:
        """What of a call may be read. The paths of one that writes are noted; what it writes there may read others."""
        if not writes(call):
            return [*call.args, *call.keywords, call.func]
        inner: list[ast.AST] = []
        places = [*call.args, *(keyword.value for keyword in call.keywords)]
        for one in [*places, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]:
            self._left = _MOST_PARTS
            text = self._text(scope, one, local)
            if text is None:
                inner.append(one)
            else:
                self.written.update(found(self.modules.files, text))
        return inner

    def _is_given(self, call: ast.Call, argument: ast.AST) -> bool:
        """Whether it is the default of an option that the command gives."""
        if not isinstance(argument, ast.keyword) or argument.arg != "default" or last_name(call.func) not in _DECLARES_OPTION:
            return False
        return any(isinstance(one, ast.Constant) and one.value in self.options for one in call.args)

    def _reach_attribute(self, scope: ModuleNames, node: ast.Attribute) -> None:
        parts_of_name = dotted_name(node)
        if parts_of_name is None:
            return
        first, *rest = parts_of_name
        base, inner = scope.imported.get(first, ("", None))
        if not base and inner is None:
            return
        parts = [*base.split("."), *([inner] if inner else []), *rest]
        for count in range(len(parts) - 1, 0, -1):
            module = self.modules.get(".".join(parts[:count]))
            if module is not None:
                self._reach(self._scope(module), parts[count])
                return

    def _note(self, scope: ModuleNames, node: ast.AST, text: str) -> None:
        whole = not isinstance(node, ast.Constant)
        if not (whole or "/" in text or "." in text):
            return  # a word: `data` is a key, or a name, far more often than a folder
        for path in found(self.modules.files, text):
            if path.endswith(".py") or (not whole and "/" not in text and self.modules.files.is_folder(path)):
                continue
            self.found.setdefault(path, Naming(scope.module.file, getattr(node, "lineno", 1)))

    def _text(self, scope: ModuleNames, node: ast.AST, local: Mapping[str, ast.expr]) -> str | None:
        """The path or text that an expression is, relative to the project; None where it is known only when it runs."""
        self._left -= 1  # a name may be assigned what it was before, twice over
        if self._left < 0:
            return None

        def of(inner: ast.AST) -> str | None:
            return self._text(scope, inner, local)

        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.Name(id="__file__"):
                return scope.module.file
            case ast.Name(id=name):
                if name in local:
                    return of(local[name])
                return self._constant(scope, name)
            case ast.JoinedStr(values=values):
                return joined([of(value) for value in values], "")
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return of(value)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return joined([of(left), of(right)], "/")
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return joined([of(left), of(right)], "")
            case ast.Attribute(value=value, attr="parent"):
                return parent(of(value))
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return self._attribute(scope, owner, name)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)) if name not in local:
                return self._element(scope, name, key)
            case ast.Subscript(value=ast.Attribute(value=value, attr="parents"), slice=ast.Constant(value=int() as index)):
                path = of(value)
                for _ in range(min(index + 1, _MOST_HOPS)):
                    path = parent(path)
                return path
            case ast.Call(func=function, args=arguments):
                return path_of_call(function, arguments, of)
        return None

    def _attribute(self, scope: ModuleNames, owner: str, name: str) -> str | None:
        """What an attribute of a class of the module is, or a name of a module that it imports."""
        if (owner in OWN or owner in scope.definitions) and name in scope.attributes:
            return self._text(scope, scope.attributes[name], {})
        base, inner = scope.imported.get(owner, ("", None))
        module = self.modules.get(base if inner is None else f"{base}.{inner}") if base else None
        return self._constant(self._scope(module), name) if module is not None else None

    def _element(self, scope: ModuleNames, name: str, key: object) -> str | None:
        """What a mapping or a list of the module has for a key that is written down."""
        match scope.constants.get(name):
            case ast.Dict(keys=keys, values=values):
                found = [value for each, value in zip(keys, values, strict=True) if _is_constant(each, key)]
                return self._text(scope, found[-1], {}) if found else None
            case ast.List(elts=values) | ast.Tuple(elts=values) if isinstance(key, int) and -len(values) <= key < len(values):
                return self._text(scope, values[key], {})
        return None

    def _constant(self, scope: ModuleNames, name: str) -> str | None:
        for _ in range(_MOST_HOPS):
            if name in scope.constants:
                return self._text(scope, scope.constants[name], {})
            base, inner = scope.imported.get(name, ("", None))
            module = self.modules.get(base) if inner is not None else None
            if module is None or inner is None:
                return None
            scope, name = self._scope(module), inner
        return None


def _is_constant(node: ast.expr | None, key: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == key


_MOST_PARTS = 200
"""Parts of one path."""
_MOST_HOPS = 30
"""Modules that a name is handed on by."""
