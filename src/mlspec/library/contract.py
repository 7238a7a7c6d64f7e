"""Data contracts: what a table must look like, read from YAML.

In: a contract file. Out: a `Contract`. Owns the contract's language and its errors, each with file:line:column; never sees
a table (see `data_validate`). Standard library and PyYAML only. Change it when a contract should be able to say more.

    rows: {min: 1000, max: 100000}
    extra_columns: forbid             # default: allow
    unique: [household, person]       # together; `unique: true` on a column is about that column alone
    format: {delimiter: ";", encoding: cp1252, decimal: ",", missing: ["NA", "-"]}      # how the text of CSV is read
    columns:
      age: {type: number, min: 0, max: 120, description: Years}
      sex: {type: string, allowed: ["1", "2"], nullable: false}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mlspec.diagnostics import Span
from mlspec.diagnostics.nearest import nearest
from mlspec.errors import StepError
from mlspec.library.schema import COLUMN_TYPES, FORMAT, ColumnType, Schema, format_problem, formatted
from mlspec.source.node import Node, plain
from mlspec.source.reader import read


@dataclass(frozen=True, slots=True)
class Column:
    """What one column must hold. `minimum` and `maximum` are inclusive; for a datetime they are ISO 8601 text."""

    name: str
    type: ColumnType
    nullable: bool = False
    required: bool = True
    unique: bool = False
    minimum: Any = None
    maximum: Any = None
    allowed: tuple[Any, ...] | None = None
    pattern: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table must look like."""

    columns: tuple[Column, ...]
    min_rows: int | None = None
    max_rows: int | None = None
    extra_columns: Literal["allow", "forbid"] = "allow"
    unique: tuple[str, ...] = ()
    description: str = ""
    format: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """How the text of a table is read that is to keep the contract."""
        return formatted(Schema({column.name: column.type for column in self.columns}), self.format)


def read_contract(path: Path) -> Contract:
    """Read a contract; raises `StepError` with one line for each mistake in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StepError(f"cannot read the contract {str(path)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StepError(f"the contract {str(path)!r} is not UTF-8: {error.reason}") from error
    except ValueError as error:  # a name with a NUL in it
        raise StepError(f"cannot read the contract {str(path)!r}: {error}") from error
    root, findings = read(text, path.as_posix())
    reader = _Reader([f"{finding.span}: {finding.message}" for finding in findings])
    contract = None
    if root is not None:
        contract = reader.contract(root)
    elif not findings:
        reader.faults.append(f"{path.as_posix()}:1:1: the contract is empty; it needs `columns`")
    if contract is None or reader.faults:
        raise StepError("the contract cannot be used:\n" + "\n".join(reader.faults))
    return contract


class _Reader:
    """Walks the tree and collects faults instead of stopping at the first."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults

    def contract(self, root: Node) -> Contract | None:
        if not isinstance(root.value, dict):  # the wrong file, whose text is nobody's business
            self.fault(root.span, "the contract must be a mapping")
            return None
        known = {
            "columns": dict,
            "rows": dict,
            "extra_columns": str,
            "unique": list,
            "description": str,
            "format": dict,
        }
        found = self.mapping(root, "the contract", known)
        if "columns" not in found:
            self.fault(root.span, "the contract has no `columns`")
            return None
        rows = self.mapping(found["rows"], "rows", {"min": int, "max": int}) if "rows" in found else {}
        extra: Any = plain(found["extra_columns"]) if "extra_columns" in found else "allow"
        if extra not in ("allow", "forbid"):
            self.fault(found["extra_columns"].span, f"extra_columns is `allow` or `forbid`, not {extra!r}")
        columns = tuple(self.column(name, node) for name, node in found["columns"].value.items())
        unique = plain(found["unique"]) if "unique" in found else []
        names = {column.name for column in columns}
        for name in unique:
            if not isinstance(name, str) or name not in names:
                self.fault(
                    found["unique"].span, f"unique names {name!r}, which is none of the columns{_suggestion(str(name), names)}"
                )
        return Contract(
            columns=columns,
            min_rows=_value(rows, "min"),
            max_rows=_value(rows, "max"),
            extra_columns=extra,
            unique=tuple(unique),
            description=_value(found, "description") or "",
            format=self.format(found["format"]) if "format" in found else {},
        )

    def format(self, node: Node) -> dict[str, Any]:
        """How the text is read; what the columns are, the contract says under `columns`."""
        declared = {
            key: plain(child) for key, child in self.mapping(node, "format", dict.fromkeys(FORMAT[:-1], object)).items()
        }
        fault = format_problem(declared)
        if fault is not None:
            place = node.value.get(fault[0], node)
            self.fault(place.span, f"format.{fault[0]} {fault[1]}")
        return {} if fault else declared

    def column(self, name: str, node: Node) -> Column:
        known = {
            "type": str,
            "nullable": bool,
            "required": bool,
            "unique": bool,
            "min": object,
            "max": object,
            "allowed": list,
            "pattern": str,
            "description": str,
        }
        where = f"columns.{name}"
        found = self.mapping(node, where, known)
        kind = _value(found, "type")
        if kind not in COLUMN_TYPES:
            listed = ", ".join(COLUMN_TYPES)
            said = f"not {kind!r}{_suggestion(str(kind), COLUMN_TYPES)}" if "type" in found else "but there is none"
            self.fault(found["type"].span if "type" in found else node.span, f"{where}.type is one of {listed}, {said}")
            kind = "string"
        for key in ("min", "max"):
            if key in found:
                self.bound(found[key], f"{where}.{key}", kind)
        allowed = _value(found, "allowed")
        if allowed is not None and not all(_fits(value, kind) for value in allowed):
            self.fault(found["allowed"].span, f"{where}.allowed holds values that are no {kind}{_quote(kind, allowed)}")
        pattern = _value(found, "pattern")
        if pattern is not None:
            self.pattern(found["pattern"], where, kind)
        return Column(
            name=name,
            type=kind,
            nullable=_value(found, "nullable") or False,
            required=_value(found, "required", True),
            unique=_value(found, "unique") or False,
            minimum=_value(found, "min"),
            maximum=_value(found, "max"),
            allowed=None if allowed is None else tuple(allowed),
            pattern=pattern,
            description=_value(found, "description") or "",
        )

    def bound(self, node: Node, where: str, kind: str) -> None:
        if kind in ("string", "boolean"):
            self.fault(
                node.span, f"{where}: a {kind} has no bounds; use `allowed`{' or `pattern`' if kind == 'string' else ''}"
            )
        elif not _fits(node.value, "number" if kind == "integer" else kind):
            self.fault(
                node.span, f"{where} must be {'ISO 8601 text' if kind == 'datetime' else 'a number'}, not {plain(node)!r}"
            )

    def pattern(self, node: Node, where: str, kind: str) -> None:
        if kind != "string":
            self.fault(node.span, f"{where}.pattern is for columns of type string, not {kind}")
        try:
            re.compile(node.value)
        except re.error as error:
            self.fault(node.span, f"{where}.pattern is no regular expression: {error}")

    def mapping(self, node: Node, where: str, known: Mapping[str, type]) -> dict[str, Node]:
        """Return the known keys of a mapping whose values have the right kind; fault the rest."""
        if not isinstance(node.value, dict):
            self.fault(node.span, f"{where} must be a mapping, not {plain(node)!r}")
            return {}
        found: dict[str, Node] = {}
        for key, child in node.value.items():
            if key not in known:
                self.fault(node.key_span(key), f"{where} has no key {key!r}{_cause(key, child.value, known)}")
            elif not _is(child.value, known[key]):
                self.fault(child.span, f"{where}: {key} must be {_KINDS[known[key]]}, not {plain(child)!r}")
            else:
                found[key] = child
        return found

    def fault(self, span: Span, message: str) -> None:
        self.faults.append(f"{span}: {message}")


_KINDS = {dict: "a mapping", list: "a list", str: "text", int: "a whole number", bool: "true or false", object: "a value"}


def _is(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _value(found: Mapping[str, Node], key: str, default: Any = None) -> Any:
    return plain(found[key]) if key in found else default


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, str)


def _quote(kind: str, allowed: list[Any]) -> str:
    """The usual mistake: `allowed: [1, 2]` for a column of text."""
    if kind != "string":
        return ""
    first = next(value for value in allowed if not isinstance(value, str))
    return f'; quote them: "{first}"'


def _cause(key: str, value: Any, known: Mapping[str, type]) -> str:
    if " " in key and value is None:
        return "; inside { } a comma ends a text: quote it"
    return _suggestion(key, known) or f"; it has {', '.join(known)}"


def _suggestion(word: str, known: Any) -> str:
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else ""
