"""pydantic's errors as findings with positions.

In: a merged tree. Out: a `Lifecycle` (or None) and findings, each at the key or value it is about.
Owns the mapping from pydantic's error types to codes and words; never adds a rule of its own.
Change it when a pydantic error reads badly.
"""

from __future__ import annotations

import types
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mlspec.diagnostics import Diagnostic, Span
from mlspec.diagnostics.few import MOST_FOR_PROGRAMS
from mlspec.diagnostics.nearest import nearest
from mlspec.source import Node, plain, values_of
from mlspec.spec.base import complete
from mlspec.spec.key_hints import form_hint, key_hint, missing_hint
from mlspec.spec.lifecycle import Lifecycle
from mlspec.spec.scalars import found

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_RANGES = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}
_WORDS = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}


def validate(
    root: Node, language: type[Lifecycle] = Lifecycle, every: list[Any] | None = None
) -> tuple[Lifecycle | None, list[Diagnostic]]:
    """Check the whole tree; all findings at once. `every` is each node's value, where that is known."""
    return validate_section(language, root, (), every)


def validate_section(
    model: type[Model], node: Node, path: Path, every: list[Any] | None = None
) -> tuple[Model | None, list[Diagnostic]]:
    """Check `node`, the part of the spec at `path`, by any pydantic model."""
    empty = _empty(model, node, path) if None in (values_of(node) if every is None else every) else []
    complete(model)
    try:
        valid = model.model_validate(plain(node))
        return (None if empty else valid), empty
    except ValidationError as error:
        findings = _findings(model, node, path, error.errors(include_url=False))
        said = {finding.path for finding in findings}
        return None, _without_echoes([*findings, *(finding for finding in empty if finding.path not in said)])


def _findings(model: type[BaseModel], node: Node, base: Path, items: Iterable[Any]) -> list[Diagnostic]:
    """A finding for each error; of very many of one kind the rest is counted on the last one."""
    last: dict[str, int] = {}
    numbers: Counter[str] = Counter()
    findings: list[Diagnostic] = []
    for item in items:
        kind = item["type"]
        numbers[kind] += 1
        if numbers[kind] <= MOST_FOR_PROGRAMS:
            last[kind] = len(findings)
            findings.append(_finding(model, node, base, item))
    for kind, place in last.items():
        if numbers[kind] > MOST_FOR_PROGRAMS:
            findings[place] = replace(findings[place], more=numbers[kind] - MOST_FOR_PROGRAMS)
    return findings


def _empty(model: type[BaseModel], node: Node, base: Path) -> list[Diagnostic]:
    """Keys with nothing after them: for pydantic they are left out, for who wrote them they are not."""
    findings: list[Diagnostic] = []
    if not isinstance(node.value, dict | list):
        return findings
    waiting: list[tuple[Path, Node]] = [((), node)]
    seen: set[int] = set()  # an alias stands in many places for one node
    while waiting:
        path, here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        inside = isinstance(here.value, dict)
        children: Iterable[tuple[str | int, Node]] = here.value.items() if inside else enumerate(here.value)
        empty = []
        for part, child in children:
            if isinstance(child.value, (dict, list)):
                waiting.append(((*path, part), child))
            elif child.value is None and inside:
                empty.append(part)
        if empty:
            known = known_keys(model, path)
            findings += [
                Diagnostic(
                    "MLS203",
                    f"`{part}` has no value",
                    here.key_span(str(part)),
                    hint="write one, or remove the key",
                    path=".".join(map(str, (*base, *path, part))),
                )
                for part in empty
                if part in known
            ]
    return findings


def _without_echoes(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Drop what a union says besides, and what is only missing by its misspelt name: one mistake is one finding."""
    misspelt = {
        f"{finding.path.rpartition('.')[0]}.{word}".lstrip(".")
        for finding in findings
        if finding.code == "MLS201" and (word := (finding.hint or "").removeprefix("did you mean `").removesuffix("`?"))
    }
    findings = [finding for finding in findings if finding.code != "MLS202" or finding.path not in misspelt]
    first: dict[tuple[Span, str], Diagnostic] = {}
    for finding in findings:
        # What is missing has no place of its own: the key of the mapping stands for all of it.
        first.setdefault((finding.span, finding.path if finding.code == "MLS202" else ""), finding)
    return list(first.values())


def _finding(model: type[BaseModel], node: Node, base: Path, item: Any) -> Diagnostic:
    kind, context = item["type"], item.get("ctx") or {}
    at, path, key_node = _locate(node, item["loc"])
    about_key = bool(item["loc"]) and item["loc"][-1] == "[key]"
    address = ".".join(str(part) for part in (*base, *path))
    if kind == "extra_forbidden":
        key = str(item["loc"][-1])
        parent = _parent(node, path)
        return _unknown_key(model, key, path[:-1], parent.key_span(key), address)
    if kind == "missing":
        return _missing(node, base, path, str(item["loc"][-1]))
    if kind.startswith("MLS"):
        if context.get("key"):
            owner, key = node.get(*path), context["key"]
            if owner is not None and key in owner.keys:
                value = owner.value[key]
                span = owner.keys[key].span if isinstance(value.value, dict | list) else value.span
                return Diagnostic(kind, context["text"], span, hint=context.get("hint"), path=f"{address}.{key}".strip("."))
        span = at.span if not isinstance(at.value, dict) or key_node is None or about_key else key_node.span
        if about_key and key_node is not None:
            span = key_node.span
        hint = form_hint((*base, *path), item["input"]) if kind == "MLS203" else None
        return Diagnostic(kind, context["text"], span, hint=hint or context.get("hint"), path=address)
    code, message, hint = _builtin(kind, context, item)
    if hint is None and _EXPECTED.get(kind) == "a mapping":
        hint = _keys_hint(known_keys(model, path), item["input"])
    span = key_node.span if key_node is not None and (about_key or isinstance(at.value, dict | list)) else at.span
    return Diagnostic(code, message, span, hint=form_hint((*base, *path), item["input"]) or hint, path=address)


def _locate(node: Node, loc: Sequence[str | int]) -> tuple[Node, Path, Node | None]:
    """Follow `loc` as far as the tree goes; parts that it does not have are pydantic's own (union tags, forms)."""
    path: list[str | int] = []
    key_node: Node | None = None
    for part in loc:
        child = node.get(part)
        if child is None and isinstance(part, str) and node.get(f"x-{part}") is not None:
            part = f"x-{part}"
            child = node.get(part)
        if child is None:
            continue
        key_node = node.keys.get(str(part)) if isinstance(node.value, dict) else None
        path.append(part)
        node = child
    return node, tuple(path), key_node


def _parent(node: Node, path: Path) -> Node:
    return node.get(*path[:-1]) or node


def _unknown_key(model: type[BaseModel], key: str, owner: Path, span: Span, address: str) -> Diagnostic:
    known = known_keys(model, owner)
    whole = address.removesuffix(key).rstrip(".")
    where = f"in `{whole}`" if whole else "at the top of the spec"
    hint = key_hint(key, known, whole.split(".") if whole else ())
    return Diagnostic("MLS201", f"unknown key `{_short(key)}` {where}", span, hint=hint, path=address)


def _missing(node: Node, base: Path, path: Path, key: str) -> Diagnostic:
    owner = node.get(*path) or node
    where = f"`{'.'.join(map(str, (*base, *path)))}`" if (*base, *path) else "the spec"
    span = _own_key(node, path) or Span(owner.file, owner.mark.line + 1, 1, owner.mark.line + 1, 1)
    if not path:
        first = min((child.mark for child in owner.keys.values()), default=owner.mark)
        span = Span(owner.file, first.line + 1, first.column + 1, first.line + 1, first.column + 2)
    hint = missing_hint(key)
    return Diagnostic("MLS202", f"{where} lacks `{key}`", span, hint=hint, path=".".join(map(str, (*base, *path, key))))


def _own_key(node: Node, path: Path) -> Span | None:
    if not path:
        return None
    parent, part = _parent(node, path), path[-1]
    if isinstance(part, int):
        child = node.get(*path)
        return child.span if child is not None else None
    return parent.key_span(part)


def _builtin(kind: str, context: dict[str, Any], item: Any) -> tuple[str, str, str | None]:
    value = item["input"]
    if kind in _EXPECTED:
        return "MLS203", f"expected {_EXPECTED[kind]}, found {found(value)}", _type_hint(kind, value)
    if kind == "literal_error":
        known = [word.strip().strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(",")]
        close = nearest(value, known) if isinstance(value, str) else None
        hint = (
            f"did you mean `{close}`?" if close else f"one of {', '.join(known)}" if len(known) > 1 else f"write `{known[0]}`"
        )
        return "MLS204", f"{found(value)} is not known here", hint
    if kind in _RANGES:
        limit = _RANGES[kind]
        return "MLS206", f"{found(value)} is out of range", f"write {_WORDS[limit]} {context[limit]}"
    if kind in ("too_short", "string_too_short"):
        return "MLS206", f"{found(value) if value else 'this'} is too short" if value else "this is empty", "give at least one"
    if kind == "string_pattern_mismatch":
        return "MLS205", f"{found(value)} does not have the right form", f"the form is {context.get('pattern')}"
    if kind == "finite_number":
        return "MLS206", f"{found(value)} is not finite", None
    return "MLS203", item["msg"][:1].lower() + item["msg"][1:], None


def _type_hint(kind: str, value: Any) -> str | None:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f'quote it: "{str(value).lower() if isinstance(value, bool) else value}"'
    if kind == "list_type" and isinstance(value, str):
        return f"write [{value}]" if len(value) <= 60 else "start the line with `- `"
    if kind == "bool_type" and isinstance(value, str):
        word = value.lower()
        return {"yes": "write true", "on": "write true", "no": "write false", "off": "write false"}.get(word)
    return None


def _keys_hint(known: Sequence[str], value: Any) -> str | None:
    """What a mapping holds, for one who wrote something else in its place."""
    if "run" in known and isinstance(value, str):
        return f"write {{run: {value}}}" if len(value) <= 60 and ": " not in value else "write it under `run`"
    return f"known keys: {', '.join(known)}" if 0 < len(known) <= 12 else None


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def known_keys(model: type[BaseModel], owner: Path) -> tuple[str, ...]:
    """The keys of the mapping at `owner` below `model`."""
    here: Any = model
    for part in owner:
        here = _descend(here, part)
    found_model = next((option for option in _options(here) if _is_model(option)), None)
    return _keys_of(found_model) if found_model is not None else ()


@cache
def _keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    return tuple(key for key in keys if key != "extensions")


def _descend(annotation: Any, part: str | int) -> Any:
    for option in _options(annotation):
        origin, arguments = typing.get_origin(option), typing.get_args(option)
        if _is_model(option):
            for name, field in option.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
        elif origin is dict:
            return arguments[1]
        elif origin is list and isinstance(part, int):
            return arguments[0]
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type, without Annotated and None."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        flat: Callable[[Any], tuple[Any, ...]] = _options
        return tuple(item for option in typing.get_args(annotation) for item in flat(option))
    return () if annotation is type(None) else (annotation,)


def _is_model(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, BaseModel)
