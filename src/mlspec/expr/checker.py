"""Types of CEL conditions, as far as they are known before a run.

In: a syntax tree and a function that types addresses. Out: problems with offsets into the condition.
Owns the typing rules and which functions exist; never looks up an address itself and never evaluates.
Change it when conditions learn an operator, a function or a type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from lark import Token, Tree

from mlspec.expr.addresses import unquoted
from mlspec.expr.syntax import Syntax, inexact, integer_of, is_exact

Type = Literal["number", "string", "boolean", "list", "object", "null", "any"]
TypeOf = Callable[[tuple[str, ...], int, int], Type]
"""Types an address, given its parts and its offsets; reports unknown ones by itself and then answers `any`."""


class Problem(NamedTuple):
    """What is wrong at `start:end` of a condition; `unknown` and `known` let the caller suggest a name."""

    message: str
    start: int
    end: int
    unknown: str = ""
    known: tuple[str, ...] = ()


FUNCTIONS: dict[str, Type] = {
    "size": "number",
    "has": "boolean",
    "int": "number",
    "uint": "number",
    "double": "number",
    "string": "string",
    "bool": "boolean",
    "type": "any",
    "contains": "boolean",
    "startsWith": "boolean",
    "endsWith": "boolean",
    "matches": "boolean",
    "all": "boolean",
    "exists": "boolean",
    "exists_one": "boolean",
    "map": "list",
    "filter": "list",
    "timestamp": "any",
    "duration": "any",
}
_MACROS = ("all", "exists", "exists_one", "map", "filter")
_ARTICLE = {"object": "an object", "null": "null"}
_OPERATORS = {
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "in": "in",
    "add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%",
}  # fmt: skip


def a(kind: Type) -> str:
    """The type with its article, for messages."""
    return _ARTICLE.get(kind, f"a {kind}")


def check(tree: Syntax, type_of: TypeOf) -> list[Problem]:
    """Find what can never be decided, and a condition that is not a boolean."""
    checker = _Checker(type_of)
    kind = checker.visit(tree)
    if kind not in ("boolean", "any"):
        checker.problem(f"the condition is {a(kind)}; it must be true or false", tree)
    return checker.problems


class _Checker:
    def __init__(self, type_of: TypeOf) -> None:
        self.type_of = type_of
        self.problems: list[Problem] = []
        self.bound: list[str] = []

    def problem(self, message: str, node: Syntax | Token, unknown: str = "", known: tuple[str, ...] = ()) -> Type:
        start, end = offsets(node)
        self.problems.append(Problem(message, start, end, unknown, known))
        return "any"

    def visit(self, node: Syntax) -> Type:
        node = collapsed(node)
        path = dotted(node)
        if path is not None:
            return "any" if path[0] in self.bound else self.type_of(path, *offsets(node))
        method = getattr(self, f"_{node.data}", None)
        return method(node) if method is not None else self._others(node)

    def _others(self, node: Syntax) -> Type:
        for child in node.children:
            if isinstance(child, Tree):
                self.visit(child)
        return "any"

    def _expr(self, node: Syntax) -> Type:
        condition, yes, no = (child for child in node.children if isinstance(child, Tree))
        self._expect(condition, "boolean", "?")
        first, second = self.visit(yes), self.visit(no)
        return first if first == second else "any"

    def _conditionalor(self, node: Syntax) -> Type:
        return self._logic(node, "||")

    def _conditionaland(self, node: Syntax) -> Type:
        return self._logic(node, "&&")

    def _logic(self, node: Syntax, operator: str) -> Type:
        for child in node.children:
            if isinstance(child, Tree):
                self._expect(child, "boolean", operator)
        return "boolean"

    def _expect(self, node: Syntax, wanted: Type, operator: str) -> None:
        kind = self.visit(node)
        if kind not in (wanted, "any"):
            self.problem(f"`{operator}` needs {a(wanted)} here, not {a(kind)}", node)

    def _operands(self, node: Syntax) -> tuple[str, Type, Type]:
        head, right = (child for child in node.children if isinstance(child, Tree))
        left = next(child for child in head.children if isinstance(child, Tree))
        return _OPERATORS[head.data.rsplit("_", 1)[1]], self.visit(left), self.visit(right)

    def _relation(self, node: Syntax) -> Type:
        operator, left, right = self._operands(node)
        if operator == "in":
            if right not in ("list", "object", "any"):
                self.problem(f"`in` needs a list or an object on its right, not {a(right)}", node)
        elif "any" not in (left, right) and left != right and "null" not in (left, right):
            self.problem(f"{a(left)} cannot be compared with {a(right)}", node)
        elif operator not in ("==", "!="):
            unordered = next((kind for kind in (left, right) if kind in ("list", "object", "null")), None)
            if unordered:
                self.problem(f"`{operator}` cannot order {a(unordered)}", node)
        return "boolean"

    def _addition(self, node: Syntax) -> Type:
        operator, left, right = self._operands(node)
        allowed: tuple[Type, ...] = ("number", "string", "list") if operator == "+" else ("number",)
        return self._arithmetic(node, operator, left, right, allowed)

    def _multiplication(self, node: Syntax) -> Type:
        operator, left, right = self._operands(node)
        return self._arithmetic(node, operator, left, right, ("number",))

    def _arithmetic(self, node: Syntax, operator: str, left: Type, right: Type, allowed: tuple[Type, ...]) -> Type:
        for kind in (left, right):
            if kind not in (*allowed, "any"):
                return self.problem(f"`{operator}` cannot take {a(kind)}", node)
        if "any" not in (left, right) and left != right:
            return self.problem(f"`{operator}` cannot take {a(left)} and {a(right)}", node)
        return right if left == "any" else left

    def _unary(self, node: Syntax) -> Type:
        head, operand = (child for child in node.children if isinstance(child, Tree))
        wanted: Type = "boolean" if head.data == "unary_not" else "number"
        self._expect(operand, wanted, "!" if wanted == "boolean" else "-")
        return wanted

    def _literal(self, node: Syntax) -> Type:
        token = node.children[0]
        assert isinstance(token, Token)
        if token.type in ("INT_LIT", "UINT_LIT") and not is_exact(integer_of(token.value)):
            self.problem(inexact(f"`{token.value}`"), node)
        if token.type in ("INT_LIT", "UINT_LIT", "FLOAT_LIT"):
            return "number"
        return {"BOOL_LIT": "boolean", "NULL_LIT": "null", "BYTES_LIT": "any"}.get(token.type, "string")  # type: ignore[return-value]

    def _list_lit(self, node: Syntax) -> Type:
        self._others(node)
        return "list"

    def _map_lit(self, node: Syntax) -> Type:
        self._others(node)
        return "object"

    def _ident_arg(self, node: Syntax) -> Type:
        name = node.children[0]
        assert isinstance(name, Token)
        for child in node.children[1:]:
            if isinstance(child, Tree):
                self.visit(child)
        return self._function(name)

    def _member_dot(self, node: Syntax) -> Type:
        owner = next(child for child in node.children if isinstance(child, Tree))
        kind = self.visit(owner)
        if kind in ("null", "boolean"):
            return self.problem(
                f"{a(kind)} has no fields; a step that conditions read cannot be called null, true or false", owner
            )
        return "any"

    def _member_dot_arg(self, node: Syntax) -> Type:
        owner, name = node.children[:2]
        assert isinstance(owner, Tree) and isinstance(name, Token)
        self.visit(owner)
        arguments = [child for tree in node.children[2:] if isinstance(tree, Tree) for child in tree.children]
        subtrees = [child for child in arguments if isinstance(child, Tree)]
        if name.value in _MACROS and len(subtrees) >= 2:
            variable = dotted(collapsed(subtrees[0]))
            self.bound.append(variable[0] if variable else "")
            for child in subtrees[1:]:
                self.visit(child)
            self.bound.pop()
        else:
            for child in subtrees:
                self.visit(child)
        return self._function(name)

    def _function(self, name: Token) -> Type:
        if name.value not in FUNCTIONS:
            return self.problem(f"there is no function `{name}`", name, str(name), tuple(FUNCTIONS))
        return FUNCTIONS[name.value]


def collapsed(node: Syntax) -> Syntax:
    """The first node below that is more than a level of precedence."""
    while node.data not in ("list_lit", "map_lit") and len(node.children) == 1 and isinstance(node.children[0], Tree):
        node = node.children[0]
    return node


def dotted(node: Syntax) -> tuple[str, ...] | None:
    """The parts of an address, or None when the node is something else."""
    parts: list[str] = []
    while True:
        node = collapsed(node)
        if node.data == "member_dot":
            owner, name = node.children
            assert isinstance(owner, Tree)
            parts.append(str(name))
            node = owner
        elif node.data == "member_index" and (key := _key(node.children[1])) is not None:
            parts.append(key)
            assert isinstance(node.children[0], Tree)
            node = node.children[0]
        elif node.data in ("ident", "dot_ident"):
            return (str(node.children[-1]), *reversed(parts))
        else:
            return None


def _key(index: Syntax | Token) -> str | None:
    """The text that an index is, if it is one."""
    literal = collapsed(index) if isinstance(index, Tree) else None
    token = literal.children[0] if literal is not None and literal.data == "literal" else None
    return unquoted(token.value) if isinstance(token, Token) and token.type in ("STRING_LIT", "MLSTRING_LIT") else None


def offsets(node: Syntax | Token) -> tuple[int, int]:
    """Where a node stands in its condition, end exclusive."""
    if isinstance(node, Token):
        return node.start_pos or 0, node.end_pos or 0
    return (0, 0) if node.meta.empty else (node.meta.start_pos, node.meta.end_pos)
