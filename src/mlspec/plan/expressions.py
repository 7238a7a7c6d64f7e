"""Expressions of one step: what they read, and whether they may.

In: a step in its scope. Out: the values and parameters its templates and conditions read, the edges they make, findings.
Owns which address may stand where (`${{ }}` of with, run and description; CEL of gate, when and retrain) and its type.
Never evaluates. Change it when an address or a place for one is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from mlspec.diagnostics import Span
from mlspec.expr import shell
from mlspec.expr.template import Placeholder, TemplateError, placeholders
from mlspec.expr.values import is_a
from mlspec.plan.findings import Findings, did_you_mean
from mlspec.plan.scope import Named, Path, Scope

if TYPE_CHECKING:
    from mlspec.expr.checker import Type
    from mlspec.spec.params import ParamType

Place = Literal["template", "run", "condition"]

_PARAM_TYPES: dict[ParamType, Type] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "list": "list",
    "object": "object",
}
_ELSEWHERE = {
    "env": "steps see the caller's environment variables by themselves: write $NAME in `run`",
    "secrets": "list the secret under `secrets` and read the variable that its `env` names",
}


@dataclass(slots=True)
class Reads:
    """What the expressions of a step read."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Address of a `metrics` or `values` output → (step, output)."""
    params: set[str] = field(default_factory=set)
    edges: dict[str, Span] = field(default_factory=dict)
    """Upstream step → where it is first named."""


class Expressions:
    """Checks the expressions of one step, or of `retrain`; `step` is None for the latter."""

    def __init__(self, scope: Scope, step: Named | None, findings: Findings) -> None:
        self.scope = scope
        self.spec = scope.spec
        self.step = step
        self.findings = findings
        self.reads = Reads()

    def templates(self, path: Path, place: Place) -> None:
        """Check every `${{ }}` in the texts at and below `path`."""
        for inner, text in _texts(self.spec.node(*path), path):
            for placeholder in self._parse(inner, text):
                parts = tuple(placeholder.address.split("."))
                start = placeholder.address_start
                span = self.spec.inner_span(inner, start, start + len(placeholder.address))
                self._resolve(parts, span, inner, place)

    def script(self, path: Path) -> None:
        """Check a `run:` script: its placeholders, and the quotes around them."""
        self.templates(path, "run")
        node = self.spec.node(*path)
        if node is None or "${{" not in str(node.value):
            return
        try:
            problems = shell.problems(node.value, self._is_list)
        except TemplateError:
            return
        for problem in problems:
            span = self.spec.inner_span(path, problem.start, problem.end)
            self.findings.add("MLS317", problem.message, span, path=path)

    def condition(self, path: Path) -> None:
        """Check one CEL condition: its syntax, its addresses and its types."""
        from mlspec.expr.cel import ConditionSyntaxError, parse
        from mlspec.expr.checker import check

        node = self.spec.node(*path)
        if node is None or not isinstance(node.value, str):
            return
        text = node.value
        if "${{" in text:
            self._braces_in_condition(path, text)
            return
        try:
            tree = parse(text)
        except ConditionSyntaxError as error:
            span = self.spec.inner_span(path, error.offset, error.offset + 1)
            hint = "write == to compare" if text[error.offset : error.offset + 1] == "=" else _CEL_HINTS.get(error.message)
            hint = hint or next((better for word, better in _CEL_WORDS.items() if f" {word} " in f" {text} "), None)
            self.findings.add("MLS315", f"this is no condition: {error.message}", span, hint, path=path)
            return

        def type_of(parts: tuple[str, ...], start: int, end: int) -> Type:
            return self._resolve(parts, self.spec.inner_span(path, start, end), path, "condition")

        for problem in check(tree, type_of):
            hint = did_you_mean(problem.unknown, problem.known) if problem.unknown else None
            span = self.spec.inner_span(path, problem.start, problem.end)
            self.findings.add("MLS316", problem.message, span, hint, path=path)

    def _braces_in_condition(self, path: Path, text: str) -> None:
        start = text.index("${{")
        end = text.find("}}", start) + 2 if "}}" in text[start:] else len(text)
        inside = text[start + 3 : end - 2].strip()
        span = self.spec.inner_span(path, start, end)
        self.findings.add("MLS318", "a condition takes addresses as they are", span, f"write `{inside}`", path=path)

    def _parse(self, path: Path, text: str) -> list[Placeholder]:
        try:
            return placeholders(text)
        except TemplateError as error:
            span = self.spec.inner_span(path, error.start, error.end)
            self.findings.add("MLS300", error.message, span, "`$${{` writes a literal `${{`", path=path)
            return []

    def _is_list(self, address: str) -> bool:
        parts = address.split(".")
        if self.step is None or len(parts) != 2 or parts[0] != "inputs":
            return False
        source = self.step.step.inputs.get(parts[1])
        if source is None or source.address is None:
            return False
        upstream = self.scope.steps.get(source.address.split(".")[0])
        return upstream is not None and upstream.many

    def _resolve(self, parts: tuple[str, ...], span: Span, path: Path, place: Place) -> Type:
        """Type an address where it stands, note what it reads, report what is wrong with it."""
        root = parts[0]
        if root in ("inputs", "outputs", "with"):
            return self._own(parts, span, path, place)
        if root == "params":
            return self._param(parts, span, path)
        if root == "run":
            return self._run(parts, span, path)
        if root == "matrix":
            return self._matrix(parts, span, path)
        if root == "item":
            if self.step is None or self.step.step.foreach is None:
                self.findings.add("MLS319", "`item` stands outside a `foreach` step", span, path=path)
            return "any"
        if root in _ELSEWHERE:
            self.findings.add("MLS303", f"`{root}` cannot be read in an expression", span, _ELSEWHERE[root], path=path)
            return "any"
        return self._output(parts, span, path)

    def _own(self, parts: tuple[str, ...], span: Span, path: Path, place: Place) -> Type:
        address = ".".join(parts)
        if place != "run" or self.step is None:
            hint = "params, metrics and values of other steps can stand here" if place == "template" else None
            self.findings.add("MLS303", f"`{address}` can stand in `run` only", span, hint, path=path)
            return "any"
        known = {
            "inputs": list(self.step.step.inputs),
            "outputs": list(self.step.outputs),
            "with": list(self.step.step.with_),
        }[parts[0]]
        if len(parts) == 1 or parts[1] not in known:
            name = parts[1] if len(parts) > 1 else ""
            hint = did_you_mean(name, known, f"{parts[0]}.", f"the step has no `{parts[0]}`")
            self.findings.add("MLS320", f"this step has no `{address}`", span, hint, path=path)
        elif len(parts) > 2:
            self.findings.add("MLS320", f"`{'.'.join(parts[:2])}` has no fields", span, path=path)
        return "any"

    def _param(self, parts: tuple[str, ...], span: Span, path: Path) -> Type:
        params = self.spec.lifecycle.params
        name = parts[1] if len(parts) > 1 else ""
        if name not in params:
            hint = did_you_mean(name, params, "params.", "the spec has no `params`")
            self.findings.add("MLS302", f"there is no parameter `{name}`", span, hint, path=path)
            return "any"
        self.reads.params.add(name)
        kind = params[name].type
        if len(parts) > 2:
            if kind != "object":
                self.findings.add("MLS306", f"`params.{name}` is a {kind} and has no fields", span, path=path)
            return "any"
        return _PARAM_TYPES[kind]

    def _run(self, parts: tuple[str, ...], span: Span, path: Path) -> Type:
        final = self.step is not None and self.step.final
        known = ["id", "status"] if final else ["id"]
        if parts[1:] == ("status",) and not final:
            later = "a run has no status yet: use `finally`, or `run_if`"
            self.findings.add("MLS303", "`run.status` can stand in `finally` steps only", span, later, path=path)
        elif len(parts) != 2 or parts[1] not in known:
            hint = did_you_mean(".".join(parts[1:]), known, "run.")
            self.findings.add("MLS303", f"there is no `{'.'.join(parts)}`", span, hint, path=path)
        return "string"

    def _matrix(self, parts: tuple[str, ...], span: Span, path: Path) -> Type:
        matrix = (self.step.step.matrix if self.step is not None else None) or {}
        name = parts[1] if len(parts) > 1 else ""
        if len(parts) != 2 or name not in matrix:
            hint = did_you_mean(name, matrix, "matrix.", "the step has no `matrix`")
            self.findings.add("MLS319", f"there is no `{'.'.join(parts)}`", span, hint, path=path)
            return "any"
        kinds: set[Type] = {_type_of(value) for value in matrix[name]}
        return kinds.pop() if len(kinds) == 1 else "any"

    def _output(self, parts: tuple[str, ...], span: Span, path: Path) -> Type:
        address = ".".join(parts)
        if self.step is not None and self.step.final:
            hint = "a step that failed has no outputs; write what `finally` needs to the store"
            message = f"`{address}`: `finally` steps read params and run only"
            self.findings.add("MLS307", message, span, hint, path=path)
            return "any"
        named = find_step(self.scope, self.step, parts[0], span, path, self.findings)
        if named is None:
            return "any"
        kind = find_output(named, parts, span, path, self.findings)
        if kind is None:
            return "any"
        if kind not in ("metrics", "values"):
            hint = "only fields of metrics and values can; wire it under `inputs`"
            self.findings.add("MLS305", f"a {kind} cannot stand in an expression", span, hint, path=path)
            return "any"
        self.reads.edges.setdefault(named.name, span)
        if len(parts) == 2:
            self.findings.add("MLS306", f"`{address}` needs a field", span, f"write {address}.name", path=path)
            return "any"
        if kind == "metrics" and len(parts) > 3:
            hint = f"did you mean `{'.'.join(parts[:3])}`?"
            self.findings.add("MLS306", f"a metric is a number: `{'.'.join(parts[:3])}` has no fields", span, hint, path=path)
            return "any"
        self._known_metric(named, parts, span, path)
        self.reads.values.setdefault(f"{parts[0]}.{parts[1]}", (parts[0], parts[1]))
        if named.many:
            return "list"
        return "number" if kind == "metrics" else "any"

    def _known_metric(self, named: Named, parts: tuple[str, ...], span: Span, path: Path) -> None:
        """Library steps may say which fields their metrics have."""
        port = named.library.outputs.get(parts[1]) if named.library else None
        known = port.fields if port else ()
        if port is None or not known or any(fnmatchcase(parts[2], pattern) for pattern in known):
            return
        hint = did_you_mean(parts[2], known, f"{parts[0]}.{parts[1]}.")
        message = f"`{named.step.uses}` makes no {'metric' if port.type == 'metrics' else 'value'} `{parts[2]}`"
        self.findings.add("MLS304", message, span, hint, path=path)


_CEL_HINTS = {"the condition ends too early": "an operand or a closing bracket is missing"}
_CEL_WORDS = {"and": "write && for and", "or": "write || for or", "not": "write ! for not", "is": "write == for is"}


def find_step(scope: Scope, own: Named | None, name: str, span: Span, path: Path, findings: Findings) -> Named | None:
    """Look a step up for `own` to read or need; reports an unknown one, itself, and one of `finally`."""
    named = scope.steps.get(name)
    if own is not None and name == own.name and (named is None or named.final == own.final):
        findings.add("MLS321", f"`{name}` reads or needs itself", span, path=path)
        return None
    final = own is not None and own.final
    if named is None or named.final != final:
        known = [other.name for other in scope.steps.values() if other.final == final and other is not own]
        if named is not None:
            reason = f"`{name}` is a `finally` step" if named.final else f"`{name}` is no `finally` step"
            hint = "`finally` steps run last: nothing waits for them" if named.final else "they run after all steps anyway"
            findings.add("MLS307", reason, span, hint, path=path)
        else:
            findings.add("MLS301", f"there is no step `{name}`", span, did_you_mean(name, known), path=path)
        return None
    return named


def find_output(named: Named, parts: tuple[str, ...], span: Span, path: Path, findings: Findings) -> str | None:
    """Type `step.output`; reports an unknown output. None when the step itself is at fault or has none of that name."""
    if named.step.uses is not None and named.library is None:
        return None
    if len(parts) > 1 and parts[1] in named.outputs:
        return named.outputs[parts[1]]
    name = parts[1] if len(parts) > 1 else ""
    hint = did_you_mean(name, named.outputs, f"{named.name}.", f"`{named.name}` has no outputs")
    message = f"the step `{named.name}` has no output `{name}`" if name else f"`{named.name}` is a step, not a value"
    findings.add("MLS304", message, span, hint, path=path)
    return None


def _texts(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """All texts at and below a node that may hold a placeholder, with their paths. Depth is bounded by the reader."""
    value = node.value if node is not None else None
    if isinstance(value, str):
        if "${{" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _texts(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _texts(child, (*path, index))


def _type_of(value: Any) -> Type:
    kinds: tuple[Type, ...] = ("boolean", "number", "string", "list", "object")
    return next((kind for kind in kinds if is_a(value, kind)), "any")
