"""What expressions and functions of Python code say without being run: the paths they put together, what they assign and write.

In: nodes of Python's own tree. Out: texts, names and nodes. Owns which calls make a path of paths and which write to one.
Never looks beyond the node that it is given: names are followed elsewhere. Change it when paths are put together in another way.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
OWN = ("self", "cls")
"""What methods call what they belong to."""
_PATHS = frozenset({"Path", "PurePath", "PosixPath", "PurePosixPath", "UPath"})
_SAME = frozenset(
    {"resolve", "absolute", "expanduser", "as_posix", "abspath", "realpath", "expandvars", "normpath", "fspath", "str"}
)
"""Functions and methods whose result is the same path."""
_WRITES = (
    "to_",
    "save",
    "write",
    "dump",
    "mkdir",
    "makedirs",
    "unlink",
    "touch",
    "remove",
    "rmtree",
    "rmdir",
    "rename",
    "replace",
)
"""How functions begin that make or remove a file."""


def path_of_call(function: ast.expr, arguments: list[ast.expr], of: Callable[[ast.AST], str | None]) -> str | None:
    """The path that a call returns, of functions that put paths together."""
    name, parts = last_name(function), [*map(of, arguments)]
    if name in _PATHS:
        return joined(parts, "/") if parts else ""
    if name == "join" and dotted_name(function) in (["os", "path", "join"], ["path", "join"]):
        return joined(parts, "/")
    if name in ("cwd", "getcwd") and not parts:
        return ""
    if name == "dirname" and len(parts) == 1:
        return parent(parts[0])
    if name in _SAME and len(parts) == 1:
        return parts[0]
    if isinstance(function, ast.Attribute) and (name == "joinpath" or (name in _SAME and not parts)):
        return joined([of(function.value), *parts], "/")
    return None


def assignment(node: ast.AST) -> tuple[str, ast.expr] | None:
    """The one name that a statement assigns to, and the value."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return name, value
    return None


def is_still(value: ast.expr) -> bool:
    """Whether an expression does nothing but say what it is: then it counts where its name is read."""
    return all(
        not isinstance(node, ast.Call)
        or last_name(node.func) in (_PATHS | _SAME | {"join", "joinpath", "dirname", "cwd", "getcwd"})
        for node in ast.walk(value)
    ) and not isinstance(value, ast.Await)


def assigned_once(top: ast.AST) -> dict[str, ast.expr]:
    """What is assigned once within a function, by name."""
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(top) if isinstance(top, Function) else ():
        if (assigned := assignment(node)) is not None:
            found[assigned[0]] = None if assigned[0] in found else assigned[1]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, None)
    kept = {name: value for name, value in found.items() if value is not None}
    if isinstance(top, Function):
        for argument in (*top.args.args, *top.args.kwonlyargs, *top.args.posonlyargs):
            kept[argument.arg] = ast.Constant(None)  # hides what the module calls so
    return kept


def defaults_besides(node: Function, given: frozenset[str]) -> Iterator[ast.expr]:
    """The defaults of arguments that are not given."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True):
        if argument.arg not in given:
            yield default
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None and argument.arg not in given:
            yield value


def writes(call: ast.Call) -> bool:
    """Whether a call writes to the path that it is given, or that it is a method of."""
    name = last_name(call.func)
    if name != "open":
        return name.startswith(_WRITES)
    modes = [*call.args[:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    texts = [str(mode.value) for mode in modes if isinstance(mode, ast.Constant)]
    return any(text[:1] in ("w", "a", "x") and len(text) <= 3 and not text[1:].strip("bt+") for text in texts)


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name; empty of another expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def dotted_name(node: ast.AST) -> list[str] | None:
    """The parts of a dotted name; None of another expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else None


def joined(parts: list[str | None], between: str) -> str | None:
    """Parts of a path or text as one; None where one of them is not known."""
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    return posixpath.join(*known) if between and known else between.join(known)


def parent(text: str | None) -> str | None:
    """The folder of a path; None of one that is not known."""
    return None if text is None else posixpath.dirname(text)


def is_docstring(child: ast.AST) -> bool:
    """A text that is a statement of its own is read by nobody."""
    return isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
