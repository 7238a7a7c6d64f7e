"""What a model needs wherever it is loaded: the user's modules, and packages.

In: a loaded estimator. Out: the files of the user's top-level modules and packages that it reaches by imports, copied where MLflow
takes them from; a requirement for every other package, in the version installed here. Owns what is the user's and what is
installed; never loads or runs anything. Change it when code or packages reach an environment in another way.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import pickle
import shutil
import sys
import sysconfig
import types
from collections.abc import Collection, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from mlspec.errors import StepError

_NO_MODULES = frozenset({"__main__", "__mp_main__", "mlspec", "sitecustomize", "usercustomize"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})


class Needs(NamedTuple):
    """The user's top-level modules by name, each with its files or folders; requirement lines, sorted."""

    modules: dict[str, tuple[Path, ...]]
    requirements: tuple[str, ...]
    plain: bool
    """Whether Python's own pickle writes the model; a lambda in it takes cloudpickle."""


def needs_of(model: Any, imported: Collection[str], always: Iterable[str]) -> Needs:
    """Find what a model needs. `imported` are modules that loading it imported, `always` those that it needs in any case.

    Raises `StepError` when the model cannot be written again.
    """
    installed = _Installed()
    named, plain = _referenced(model)
    todo = list(dict.fromkeys([*sorted(named), *(name for name in imported if installed.users(name)), *always]))
    modules: dict[str, tuple[Path, ...]] = {}
    packages: set[str] = set()
    seen: set[str] = set(todo)
    while todo:
        name = todo.pop()
        top = name.partition(".")[0]
        if top in _NO_MODULES or top in sys.stdlib_module_names:
            continue
        if not installed.users(name):
            packages.update(installed.requirements(name))
            continue
        modules[top] = installed.roots(top)
        for file, package in _files_of(name, modules[top]):
            for found in _imports(file, package):
                if found not in seen:
                    seen.add(found)
                    todo.append(found)
    return Needs(dict(sorted(modules.items())), tuple(sorted(packages)), plain)


def copied(modules: dict[str, tuple[Path, ...]], folder: Path) -> list[Path]:
    """Copy the user's modules into a folder, packages whole but for what Python and other tools leave in them."""
    for roots in modules.values():
        for root in roots:
            try:
                if root.is_dir():
                    shutil.copytree(root, folder / root.name, ignore=_left_out, dirs_exist_ok=True)
                else:
                    shutil.copyfile(root, folder / root.name)
            except (OSError, shutil.Error) as error:
                raise StepError(f"the model needs the module {root.stem!r}, which cannot be copied: {error}") from error
    return sorted(folder.iterdir())


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if name.startswith(".") or name == "__pycache__" or name.endswith(".pyc") or Path(folder, name, "pyvenv.cfg").exists()
    }


class _Nowhere:
    def write(self, content: Any) -> int:
        return len(content)


def _referenced(model: Any) -> tuple[set[str], bool]:
    """The modules that a pickle of the model names, and whether it is one that Python itself writes."""
    found: set[str] = set()

    def note(value: Any) -> None:
        if isinstance(value, types.FunctionType) and "<" in value.__qualname__:  # it is written itself, with what it reads
            return
        named = isinstance(value, type | types.FunctionType | types.BuiltinFunctionType)
        module = getattr(value if named else type(value), "__module__", None)
        if isinstance(module, str):
            found.add(module)

    class Plain(pickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            note(value)
            return NotImplemented

    try:
        Plain(_Nowhere(), protocol=5).dump(model)
    except Exception as plain:  # it holds a lambda, say: then only cloudpickle made it, and can make it again
        import cloudpickle  # type: ignore[import-untyped]

        class ByValue(cloudpickle.CloudPickler):  # type: ignore[misc]
            def reducer_override(self, value: Any) -> Any:
                note(value)
                return super().reducer_override(value)

        try:
            ByValue(_Nowhere(), protocol=5).dump(model)
        except Exception as error:
            raise StepError(f"the model, a {type(model).__name__}, cannot be written again: {plain}") from error
        return found, False
    return found, True


class _Installed:
    """What is installed here, looked up as it is asked for."""

    def __init__(self) -> None:
        self._stdlib = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
        self._roots: dict[str, tuple[Path, ...]] = {}
        self._packages: dict[str, list[str]] = {}
        for top, names in metadata.packages_distributions().items():
            self._packages[top] = sorted(set(names))
        self._from_folder = {top for top, names in self._packages.items() for name in names if "dir_info" in _direct_url(name)}

    def roots(self, top: str) -> tuple[Path, ...]:
        """The file or the folders of a top-level module."""
        if top not in self._roots:
            self._roots[top] = tuple(_found(top))
        return self._roots[top]

    def users(self, name: str) -> bool:
        """Whether it is the user's: found outside of where packages are installed, or installed from a folder of theirs."""
        top = name.partition(".")[0]
        if top in _NO_MODULES or top in sys.stdlib_module_names:
            return False
        return bool(self.roots(top)) and (top in self._from_folder or not any(map(self._is_installed, self.roots(top))))

    def _is_installed(self, path: Path) -> bool:
        return bool(_INSTALLED & set(path.parts)) or any(path.is_relative_to(folder) for folder in self._stdlib)

    def requirements(self, name: str) -> Iterator[str]:
        """The packages that hold a module; of a namespace that several share, those that hold this part of it."""
        packages = self._packages.get(name.partition(".")[0], [])
        if len(packages) > 1:
            part = name.replace(".", "/")
            holding = [package for package in packages if _holds(package, part)]
            packages = holding or packages[:0]
        for package in packages:
            yield _requirement(package)


def _found(top: str) -> Iterator[Path]:
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    if spec.submodule_search_locations is not None:
        yield from (Path(place).resolve() for place in spec.submodule_search_locations)
    elif spec.has_location and spec.origin:
        yield Path(spec.origin).resolve()


def _files_of(name: str, roots: tuple[Path, ...]) -> Iterator[tuple[Path, list[str]]]:
    """The source files that importing a module of the user's runs, its own and those of the packages it is in; of each the package
    that its relative imports begin at.
    """
    top, *parts = name.split(".")
    for root in roots:
        if root.is_file():
            yield root, []
            continue
        for depth in range(len(parts) + 1):
            package = [top, *parts[:depth]]
            place = root.joinpath(*parts[:depth])
            if (file := place / "__init__.py").is_file():
                yield file, package
            if depth and (file := place.with_name(f"{place.name}.py")).is_file():
                yield file, package[:-1]


def _imports(file: Path, package: list[str]) -> Iterator[str]:
    """All modules that a file imports, at its top or in its functions; those of its own package by their whole name."""
    if file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise StepError(f"the model needs the module {file.stem!r}, which cannot be read: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)


def _direct_url(package: str) -> dict[str, Any]:
    """Where a package was installed from, when not from an index."""
    try:
        text = metadata.distribution(package).read_text("direct_url.json")
        found = json.loads(text or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _requirement(package: str) -> str:
    version = metadata.version(package).partition("+")[0]
    origin = _direct_url(package)
    vcs = origin.get("vcs_info")
    if isinstance(vcs, dict) and vcs.get("commit_id"):
        return f"{package} @ {vcs.get('vcs', 'git')}+{origin.get('url')}@{vcs['commit_id']}"
    return f"{package}=={version}"


def _holds(package: str, part: str) -> bool:
    files = metadata.files(package) or []
    return any(str(file).startswith((f"{part}/", f"{part}.")) for file in files)
