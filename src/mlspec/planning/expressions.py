"""Expressions of one step, found and parsed.

In: a step in its scope. Out: what its templates and conditions read, and findings inside their text.
Owns where templates and CEL stand in a step and the words for bad syntax; what an address is, `resolve` knows.
Never evaluates. Change it when an expression can stand in another place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlspec.diagnostics.collection import Findings, did_you_mean
from mlspec.expr import shell
from mlspec.expr.addresses import quoted_form, split
from mlspec.expr.instances import stood_in
from mlspec.expr.quoting import is_simple
from mlspec.expr.template import Placeholder, TemplateError, addresses, placeholders
from mlspec.planning.addresses import Address
from mlspec.planning.resolve import Place, Reads, Resolver
from mlspec.planning.scope import Named, Path, Scope

if TYPE_CHECKING:
    from mlspec.expr.checker import Type
    from mlspec.terms import Json


class Expressions:
    """Checks the expressions of one step, or of `retrain`; `step` is None for the latter."""

    def __init__(self, scope: Scope, step: Named | None, findings: Findings) -> None:
        self.scope = scope
        self.spec = scope.spec
        self.step = step
        self.findings = findings
        self.resolver = Resolver(scope, step, findings)

    @property
    def reads(self) -> Reads:
        """What has been read so far."""
        return self.resolver.reads

    def templates(self, path: Path, value: Json, place: Place) -> None:
        """Check every `${{ }}` in the texts of `value`, which stands at `path`."""
        for inner, text in _texts(value, path):
            self._template(inner, text, place)

    def script(self, path: Path, text: str) -> None:
        """Check a `run:` script: its placeholders, and the quotes around them."""
        if is_simple(text) and all(map(self._is_own_word, addresses(text))):
            return  # as most are
        found = self._template(path, text, "run")
        if found is None:
            return
        for problem in shell.problems(text, found, self._is_list):
            span = self.spec.inner_span(path, problem.start, problem.end)
            self.findings.add("MLS317", problem.message, span, path=path)

    def condition(self, path: Path) -> None:
        """Check one CEL condition: its syntax, its addresses and its types."""
        from mlspec.expr.checker import check
        from mlspec.expr.syntax import ConditionSyntaxError, parse

        node = self.spec.node(*path)
        if node is None or not isinstance(node.value, str):
            return
        text = node.value
        if "${{" in text:
            self._braces_in_condition(path, text)
            return
        replaced, names = stood_in(text)
        try:
            tree = parse(replaced)
        except ConditionSyntaxError as error:
            span = self.spec.inner_span(path, error.offset, error.offset + 1)
            hint = "write == to compare" if text[error.offset : error.offset + 1] == "=" else _CEL_HINTS.get(error.message)
            hint = hint or _bare_name(text, error.offset)
            hint = hint or next((better for word, better in _CEL_WORDS.items() if f" {word} " in f" {text} "), None)
            self.findings.add("MLS315", f"this is no condition: {error.message}", span, hint, path=path)
            return

        def type_of(parts: tuple[str, ...], start: int, end: int) -> Type:
            parts = (names.get(parts[0], parts[0]), *parts[1:])
            return self.resolver.resolve(Address(self.spec, path, start, parts), "condition")

        for problem in check(tree, type_of):
            hint = did_you_mean(problem.unknown, problem.known) if problem.unknown else None
            if "a list" in problem.message:
                hint = "a fan-out gives a list: test each with `.all(x, x > 0.5)` or one with `[0]`"
            hint = hint or _type_hint(problem.message, text[problem.start : problem.end])
            span = self.spec.inner_span(path, problem.start, problem.end)
            self.findings.add("MLS316", problem.message, span, hint, path=path)

    def _braces_in_condition(self, path: Path, text: str) -> None:
        start = text.index("${{")
        end = text.find("}}", start) + 2 if "}}" in text[start:] else len(text)
        inside = text[start + 3 : end - 2].strip()
        span = self.spec.inner_span(path, start, end)
        self.findings.add("MLS318", "a condition takes addresses as they are", span, f"write `{inside}`", path=path)

    def _template(self, path: Path, text: str, place: Place) -> list[Placeholder] | None:
        """Resolve the placeholders of one text and return them; None where one is malformed."""
        left, malformed, found = text, False, list[Placeholder]()
        for _ in range(_MOST_MALFORMED):
            try:
                found = placeholders(left)
                break
            except TemplateError as error:
                malformed = True
                span = self.spec.inner_span(path, error.start, error.end)
                self.findings.add("MLS300", error.message, span, "`$${{` writes a literal `${{`", path=path)
                left = _without(left, error.start)
        for placeholder in found:
            parts = split(placeholder.address)
            self.resolver.resolve(Address(self.spec, path, placeholder.address_start, parts), place)
        return None if malformed else found

    def _is_own_word(self, address: str) -> bool:
        """Whether it is one of the step's own that is one word: `outputs.model`, `with.depth`; an input but a list."""
        if self.step is None:
            return False
        root, _, name = address.partition(".")
        if root == "inputs":
            return name in self.step.step.inputs and not self._is_list(address)
        return name in (self.step.outputs if root == "outputs" else self.step.step.with_ if root == "with" else ())

    def _is_list(self, address: str) -> bool:
        root, _, name = address.partition(".")
        source = self.step.step.inputs.get(name) if root == "inputs" and self.step is not None else None
        if source is None or source.address is None:
            return False
        part = split(source.address)[0]
        upstream = self.scope.find(part)
        return upstream is not None and upstream.many and not self.scope.is_paired(self.step, upstream)


def _bare_name(text: str, offset: int) -> str | None:
    """What to write where a condition breaks off in a name that is no identifier."""
    for found in _ADDRESS_LIKE.finditer(text):
        if found.start() < offset <= found.end() and (quoted := quoted_form(found[0])):
            return f"write `{quoted}`"
    return None


def _without(text: str, place: int) -> str:
    """`text` with blanks for the placeholder that is malformed at `place`, and for all behind one that does not end."""
    begin, end = text.rfind("${{", 0, place + 3), text.find("}}", place)
    if begin < 0 or end < 0:
        begin, end = max(begin, 0), len(text) - 2
    return f"{text[:begin]}{' ' * (end + 2 - begin)}{text[end + 2 :]}"


_MOST_MALFORMED = 20
"""Malformed placeholders of one text that are reported: each takes a look at all of it."""
_CEL_HINTS = {"the condition ends too early": "an operand or a closing bracket is missing"}
_CEL_WORDS = {"and": "write && for and", "or": "write || for or", "not": "write ! for not", "is": "write == for is"}


_ADDRESS_LIKE = re.compile(r"[A-Za-z_]\w*(?:\.[\w-]+){2,}")
_QUOTED = re.compile(r"""(["'])(-?[0-9.]+|true|false)\1""")


def _type_hint(message: str, written: str) -> str | None:
    """What to write where types do not go together."""
    quoted = _QUOTED.search(written)
    if "cannot be compared" in message and quoted is not None:
        return f"leave out the quotes: {quoted[2]}"
    if message.startswith("the condition is a string") and len(written) <= 40:
        return f'compare it: {written} == "…"'
    if message.startswith("the condition is a number") and len(written) <= 40:
        return f"compare it: {written} > 0"
    return None


def _texts(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    """All texts in a value that may hold a placeholder, with their paths. Depth is bounded by the reader."""
    if isinstance(value, str):
        if "${{" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            if isinstance(child, (str, dict, list)):
                yield from _texts(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts(child, (*path, index))
