"""The modules of a project that one of them reaches by imports.

In: the folders where modules are searched, and the name of one. Out: their files, or that it cannot be told. Owns how `import` finds
modules, as far as source text shows; never imports one. Change it when code finds other code in another way.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator, Sequence

from mlspec.analysis.files import MAX_BYTES, Files
from mlspec.analysis.python_text import parse

_TEXT_RUNNERS = frozenset({"exec", "eval", "execfile"})
_RUNNERS = frozenset({
    *("run_path", "run_module", "exec_module", "load_module", "spec_from_file_location", "SourceFileLoader", "load_source"),
    *("iter_modules", "walk_packages", "entry_points", "load_model", "read_pickle", "popen", "posix_spawn", "Unpickler", "addsitedir"),
    *("create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell"),
})  # fmt: skip
"""Functions that run code which no `import` names: a text, by its path, in another process, or out of a pickle."""
_IMPORTERS = ("import_module", "__import__")
_DYNAMIC_MODULES = frozenset({
    *("subprocess", "runpy", "pkgutil", "imp", "pexpect", "sh", "plumbum"),
    *("pydoc", "hydra", "lazy_loader", "stevedore", "pluggy", "zipimport"),
})  # fmt: skip
"""Modules that are there to run other processes, or to find code by a name in a text."""
_OF_MODULES = {
    **dict.fromkeys(("pickle", "cPickle", "dill", "cloudpickle", "joblib", "torch", "shelve"), ("load", "loads", "open")),
    "os": ("system", "execv", "execve", "execvp", "execvpe", "execl", "execlp", "spawnl", "spawnv", "spawnvp", "spawnlp"),
    "sys": ("path", "meta_path", "path_hooks"),
}
_SOURCE = frozenset({"getsource", "getsourcelines", "getcomments", "findsource", "linecache", "getblock"})
"""Functions that read source text, comments and all."""
_START = ("sitecustomize", "usercustomize")
"""Modules that Python imports when it starts."""


class Module:
    """A module of the project, parsed."""

    def __init__(self, file: str, name: str, tree: ast.Module | None) -> None:
        self.file = file
        self.name = name
        self.tree = tree

    @property
    def package(self) -> str:
        """What relative imports in it are relative to."""
        return self.name if posixpath.basename(self.file) == "__init__.py" else self.name.rpartition(".")[0]


class Modules:
    """The modules of a project, found as Python finds them: in the first of `roots` that has one."""

    def __init__(self, files: Files, roots: Sequence[str]) -> None:
        self.files = files
        self.roots = tuple(posixpath.normpath(root) if root else "" for root in roots)
        self.kept: dict[str, object] = {}
        """What else is known of a module, by its file."""
        self._parsed: dict[str, Module] = {}
        self._located: dict[str, list[Module]] = {}
        self._imported: dict[str, list[Module]] = {}
        self._unknown: dict[str, list[str]] = {}

    def locate(self, name: str) -> list[Module]:
        """The module called `name` last, and before it the packages above it; fewer where it is not all in the project."""
        if name not in self._located:
            self._located[name] = self._locate(name)
        return self._located[name]

    def _locate(self, name: str) -> list[Module]:
        found: list[Module] = []
        folders: Sequence[str] = self.roots
        parts = name.split(".")
        for depth, part in enumerate(parts, 1):
            file, folders = self._search(folders, part)
            if file is None and not folders:
                break
            if file is not None:
                found.append(self._module(file, ".".join(parts[:depth])))
        return found

    def get(self, name: str) -> Module | None:
        """The module called `name`; None where it is not in the project, or is a folder without `__init__.py`."""
        found = self.locate(name)
        return found[-1] if found and found[-1].name == name else None

    def imported_by(self, module: Module) -> list[Module]:
        """The modules of the project that a module imports, packages above them included."""
        if module.file not in self._imported:
            found = {name: self.locate(name) for name in dict.fromkeys(imports(module, self))}
            self._imported[module.file] = list({one.file: one for modules in found.values() for one in modules}.values())
            self._unknown[module.file] = [name for name, modules in found.items() if not modules]
        return self._imported[module.file]

    def unknown_to(self, module: Module) -> list[str]:
        """The names it imports that are not found where modules are searched."""
        self.imported_by(module)
        return self._unknown[module.file]

    def _search(self, folders: Iterable[str], part: str) -> tuple[str | None, list[str]]:
        spaces = []
        for folder in folders:
            path = posixpath.join(folder, part)
            if self.files.is_file(f"{path}/__init__.py"):
                return f"{path}/__init__.py", [path]
            if self.files.is_file(f"{path}.py"):
                return f"{path}.py", []
            if self.files.is_folder(path):
                spaces.append(path)
        return None, spaces

    def at(self, file: str, name: str) -> Module:
        """The module in a file, under the name that it is run by."""
        return self._module(file, name)

    def _module(self, file: str, name: str) -> Module:
        if file not in self._parsed:
            try:
                tree = parse(self.files.read(file, MAX_BYTES))
            except OSError:
                tree = None
            self._parsed[file] = Module(file, name, tree)
        return self._parsed[file]


class Reach:
    """What a module reaches: `files` of Python; `open_ended` says that there may be more, `source` that comments are read, too."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.open_ended = False
        self.source = False


def reach(modules: Modules, name: str) -> Reach:
    """Follow the imports of the module `name`, and of what Python imports before it."""
    reached = Reach()
    found = modules.locate(name)
    if modules.get(name) is None:  # of the environment, or of a folder that only the environment knows
        reached.open_ended = True
    waiting = [*found, *(module for start in _START for module in modules.locate(start))]
    while waiting:
        module = waiting.pop()
        if module.file in reached.files:
            continue
        reached.files.add(module.file)
        if module.tree is None:
            reached.open_ended = True
            continue
        waiting += modules.imported_by(module)
        unknown = any(_elsewhere(modules, name) for name in modules.unknown_to(module))
        reached.open_ended = reached.open_ended or unknown or _is_dynamic(module.tree)
        reached.source = reached.source or any(_name(node) in _SOURCE for node in ast.walk(module.tree))
    return reached


def imports(module: Module, modules: Modules) -> Iterator[str]:
    """Names of all that a module may import, wherever in it; some are no modules but what is in one."""
    for node in ast.walk(module.tree or ast.Module([], [])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = origin(module, node)
            if base:
                yield base
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names if alias.name != "*")
            if any(alias.name == "*" for alias in node.names):
                yield from _public(base, modules)
        elif isinstance(node, ast.Call) and _name(node.func) in _IMPORTERS and (name := _constant(node)):
            yield name


def origin(module: Module, node: ast.ImportFrom) -> str:
    """The module that names are imported from."""
    if not node.level:
        return node.module or ""
    parts = module.package.split(".") if module.package else []
    base = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
    return ".".join([*base, *([node.module] if node.module else [])])


def _public(base: str, modules: Modules) -> Iterator[str]:
    """The modules and packages of a package that `import *` may import: those that its `__all__` may name."""
    package = modules.get(base)
    if package is None or package.package != base:
        return
    folder = posixpath.dirname(package.file)
    for entry in modules.files.entries(folder):
        name = entry.removesuffix(".py")
        if name.isidentifier() and (name != entry or modules.files.is_folder(f"{folder}/{entry}")):
            yield f"{base}.{name}"


def _is_dynamic(tree: ast.Module) -> bool:
    nodes = list(ast.walk(tree))
    found = (alias for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    aliases = {alias.asname: alias.name for alias in found if alias.asname is not None}
    for node in nodes:
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] in _DYNAMIC_MODULES for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and not node.level:
            top = (node.module or "").split(".")[0]
            names = {alias.name for alias in node.names}
            if top in _DYNAMIC_MODULES or names & set(_OF_MODULES.get(top, ())):
                return True
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = aliases.get(node.value.id, node.value.id)
            if node.attr in _OF_MODULES.get(module, ()) or node.attr in _RUNNERS:
                return True
        elif _name(node) in _RUNNERS | _TEXT_RUNNERS:  # `model.eval()` runs no text
            return True
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            return True
    return _imports_by_text(nodes)


def _imports_by_text(nodes: Sequence[ast.AST]) -> bool:
    """Whether a module is imported by a name that is made when it runs; an importer under another name may be given any."""
    calls = [node for node in nodes if isinstance(node, ast.Call) and _name(node.func) in _IMPORTERS]
    plain = {id(call.func) for call in calls if _constant(call)}
    renamed = (alias for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names if alias.asname is not None)
    return (
        any(alias.name in _IMPORTERS for alias in renamed)
        or any(_name(node) in _IMPORTERS and id(node) not in plain for node in nodes)
        or any(isinstance(node, ast.Constant) and node.value in _IMPORTERS for node in nodes)
    )


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _constant(call: ast.Call) -> str | None:
    """The absolute module that a call names; None where it is made when it runs."""
    first = call.args[0] if call.args else None
    text = first.value if isinstance(first, ast.Constant) else None
    return text if isinstance(text, str) and not text.startswith(".") and len(call.args) == 1 else None


def _elsewhere(modules: Modules, name: str) -> bool:
    """Whether another folder of the project has a module of that name: a package that is installed from there, or a path set elsewhere."""
    top, files = name.split(".")[0], modules.files
    folders = [
        f for f in files.entries("") if not f.startswith(".") and files.is_folder(f) and not files.is_file(f"{f}/pyvenv.cfg")
    ]
    return any(files.is_file(f"{folder}/{top}.py") or files.is_file(f"{folder}/{top}/__init__.py") for folder in folders)
