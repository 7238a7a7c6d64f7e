"""The names of a Python module: what it defines, what it imports, and what runs on import.

In: a module of the project, parsed. Out: its statements and names, apart. Owns what counts as a constant.
Never follows a name into another module. Change it when names come into a module in another way.
"""

from __future__ import annotations

import ast

from mlspec.analysis.expressions import OWN, Function, assignment, is_still
from mlspec.analysis.imports import Module, origin


class ModuleNames:
    """The names of a module: what it defines, what it imports, and what runs on import."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.definitions: dict[str, ast.stmt] = {}
        self.constants: dict[str, ast.expr] = {}
        self.imported: dict[str, tuple[str, str | None]] = {}
        self.attributes = _attributes(module.tree)
        """What is assigned to one attribute of a class or of `self`, once in all of the module."""
        self.always: list[ast.stmt] = []
        for node in module.tree.body if module.tree is not None else ():
            if isinstance(node, Function | ast.ClassDef):
                self.definitions[node.name] = node
            elif (assigned := assignment(node)) is not None and is_still(assigned[1]):
                self.constants[assigned[0]] = assigned[1]
            elif not isinstance(node, ast.Import | ast.ImportFrom):
                self.always.append(node)
        for inner in ast.walk(module.tree) if module.tree is not None else ():
            if isinstance(inner, ast.Import):
                for alias in inner.names:
                    self.imported[alias.asname or alias.name.split(".")[0]] = (
                        alias.name if alias.asname else alias.name.split(".")[0],
                        None,
                    )
            elif isinstance(inner, ast.ImportFrom):
                base = origin(module, inner)
                self.imported.update({alias.asname or alias.name: (base, alias.name) for alias in inner.names})


def _attributes(tree: ast.Module | None) -> dict[str, ast.expr]:
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree) if tree is not None else ():
        for assigned in map(assignment, node.body) if isinstance(node, ast.ClassDef) else [_own_assignment(node)]:
            if assigned is not None:
                name, value = assigned
                found[name] = None if name in found or not is_still(value) else value
    return {name: value for name, value in found.items() if value is not None}


def _own_assignment(node: ast.AST) -> tuple[str, ast.expr] | None:
    match node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)], value=value) if owner in OWN:
            return name, value
    return None
